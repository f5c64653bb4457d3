/* `fetch` of the page: what it would ask the server is answered here. */

/* Path and query of an address that the page asks its server for; null for any other. */
function asked(resource) {
  return typeof resource === "string" && /^\/(?!\/)/.test(resource) ? resource : null;
}

/* Have what begins with a slash answered by `answers`. Nothing else that is fetched changes. */
export function answerRequests(answers) {
  const other = window.fetch.bind(window);
  window.fetch = async (resource, options = {}) => {
    const address = asked(resource);
    return address ? answers.answer(address, options.body) : other(resource, options);
  };
}
