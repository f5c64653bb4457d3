/* What the page's layout says about the atlas's parent. */

let setting;

/* {range, colour_ranges, corners, dots} of the parent; null without a parent, undefined before the page is complete. */
export function parentSetting() {
  if (setting === undefined) {
    const view = document.getElementById("parent-view");
    if (view) setting = JSON.parse(view.dataset.parent);
    else if (document.getElementById("view-parent")) setting = null;
  }
  return setting;
}
