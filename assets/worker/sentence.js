/* Errors that whoever asked can understand. */

/** What is wrong, in one sentence for a person; anything else that is thrown is a fault of this program. */
export class Sentence extends Error {
  name = "Sentence";
}
