// What the theme adds to a page once it is there: listings' buttons get names, and tables can be scrolled by keys.
"use strict";
(function () {
  function mend() {
    document.querySelectorAll(".md-code__nav:not([aria-label])").forEach((nav) => {
      nav.setAttribute("aria-label", "Listing " + nav.parentElement.id.replace(/\D+/g, ""));
    });
    document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])").forEach((table) => {
      table.tabIndex = 0;
    });
  }
  new MutationObserver(mend).observe(document.documentElement, { childList: true, subtree: true });
  mend();
})();
