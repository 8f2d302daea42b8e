// The theme puts a navigation beside every block of code, and takes blocks that it thinks narrow from who goes by keys:
// each navigation has a name that no other has, and every block and wide table is reached.
new MutationObserver(() => {
  document.querySelectorAll("nav.md-code__nav:not([aria-label])").forEach((one) => {
    one.setAttribute("aria-label", `Code ${one.querySelector("[data-clipboard-target]")?.dataset.clipboardTarget.replace(/\D+/g, "")}`);
  });
  document.querySelectorAll("pre > code:not([tabindex]), .md-typeset__scrollwrap:not([tabindex])").forEach((one) => one.setAttribute("tabindex", "0"));
}).observe(document.body, { attributeFilter: ["tabindex"], childList: true, subtree: true });
