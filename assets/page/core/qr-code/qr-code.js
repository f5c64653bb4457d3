/* QR codes, which phones read: ISO/IEC 18004, byte mode, level M (15 % of a code may be hidden). */
import { codewordsOf, versionFor } from "./codewords.js";
import { Grid } from "./grid.js";
import { MASKS, penalty } from "./masks.js";

/* The rows of the code that says a text, true for dark; null for a text of more than 2,331 bytes. mask: the number of a
 * mask, in place of the one that makes the code easiest to read. */
export function qrCode(text, mask) {
  const bytes = new TextEncoder().encode(text);
  const version = versionFor(bytes.length);
  if (!version) return null;
  const grid = new Grid(version);
  grid.place(codewordsOf(bytes, version));
  const wear = (number) => {
    grid.turn(MASKS[number]);
    grid.drawFormat(number);
  };
  const penalties = MASKS.map((isTurned, number) => {
    wear(number);
    const its = penalty(grid.dark);
    grid.turn(isTurned);
    return its;
  });
  wear(mask ?? penalties.indexOf(Math.min(...penalties)));
  return grid.dark;
}
