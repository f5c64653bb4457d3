/* Requests to the server that the page came from. */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});
  const PATIENCE_MS = 30000;
  const TRIES = 10;

  /* The server's answer. One that has too much to do says when to come again: that is done while the answer is
   * wanted. Throws Error where there is none, or it is a refusal, with a sentence for the user. */
  hvae.request = async function (url, isWanted = () => true, tries = TRIES) {
    let response;
    try {
      response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    } catch {
      throw new Error("The server does not answer. Is it still running?");
    }
    if (response.ok) return response;
    // Read first: else who begins to want it meanwhile would be told that nobody did.
    const answer = await response.json().catch(() => ({}));
    if (response.status === 503 && tries > 1 && isWanted()) {
      // Not all at the same moment.
      const seconds = Number(response.headers.get("Retry-After") || 1) * (1 + Math.random() / 2);
      await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
      if (isWanted()) return hvae.request(url, isWanted, tries - 1);
    }
    throw new Error(answer.error || `The server answered ${response.status}.`);
  };
})();
