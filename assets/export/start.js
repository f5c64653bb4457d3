/* Where an exported page begins: at what its address says, else at what its maker chose. */

/* The name of the atlas to show. An address without a query gets the one that the page is to begin with. */
export function openAt({ start, atlases }) {
  if (start && !location.search) history.replaceState(null, "", start);
  const named = new URLSearchParams(location.search).get("atlas");
  return atlases.includes(named) ? named : atlases[0];
}
