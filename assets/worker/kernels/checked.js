/** The functions of `kernels`, which throw TypeError if they get too few or too many arguments.

    WebAssembly takes a missing argument for 0 and goes on: another network, or one that is 100 times slower. */
export function checked(kernels) {
  return Object.fromEntries(Object.entries(kernels).map(([name, kernel]) => [name, withArity(name, kernel)]));
}

function withArity(name, kernel) {
  const count = kernel.length;
  return function () {
    if (arguments.length !== count)
      throw new TypeError(`${name} takes ${count} arguments, not ${arguments.length}`);
    return kernel.apply(undefined, arguments);
  };
}
