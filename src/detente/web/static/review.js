// Keys of the review: a accept, r reject, c correct, m merge, s split, n next, p previous, u undo; each does what the control that is marked with it does.
"use strict";
document.addEventListener("keydown", function (event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName) || !/^[a-z]$/.test(event.key)) return;
  var control = document.querySelector("[data-key='" + event.key + "']");
  if (!control) return;
  event.preventDefault();
  control.click();
  if (control.tagName === "SUMMARY") setTimeout(function () {
    var field = control.parentElement.open && control.parentElement.querySelector("input:not([type=hidden]), select");
    if (field) field.focus();
  }, 0);
});
document.querySelectorAll("[data-key]").forEach(function (control) { control.setAttribute("aria-keyshortcuts", control.getAttribute("data-key")); });
