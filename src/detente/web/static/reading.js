// A report: the card of the event that is pointed at comes into view beside the text; Escape puts a card back. All reads without it.
"use strict";
(function () {
  var list = document.querySelector(".told-list");
  if (!list) return;
  function cardOf(mark) { var to = mark.getAttribute("href"); return to && to.charAt(0) === "#" ? document.getElementById(decodeURIComponent(to.slice(1))) : null; }
  function bring(card) {
    // only the list scrolls, never the page: the reader's place in the text stays
    if (!card || list.scrollHeight <= list.clientHeight) return;
    var top = card.offsetTop - list.offsetTop, bottom = top + card.offsetHeight;
    if (top < list.scrollTop || bottom > list.scrollTop + list.clientHeight) list.scrollTo({top: Math.max(0, top - 12)});
  }
  document.querySelectorAll(".page a[href^='#event-']").forEach(function (mark) {
    ["mouseenter", "focus"].forEach(function (name) { mark.addEventListener(name, function () { bring(cardOf(mark)); }); });
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && location.hash) { var at = location.hash.replace("#event-", "#at-"); history.replaceState(null, "", location.pathname + location.search); location.replace(at); }
  });
})();
