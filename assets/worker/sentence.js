/* Errors for people. */

/** What is wrong, in one sentence for a person. Any other error is a fault of this program. */
export class Sentence extends Error {
  name = "Sentence";
}
