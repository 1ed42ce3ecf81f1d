// The theme puts buttons beside each listing, in a landmark of their own, when it is first seen: they get names that differ.
"use strict";
(function () {
  function name() {
    document.querySelectorAll(".md-code__nav:not([aria-label])").forEach((nav) => {
      nav.setAttribute("aria-label", "Listing " + nav.parentElement.id.replace(/\D+/g, ""));
    });
  }
  new MutationObserver(name).observe(document.documentElement, { childList: true, subtree: true });
  name();
})();
