// Small helps for those who have JavaScript; every page reads without it.
"use strict";

// Charts: larger and smaller by buttons and by the wheel with Ctrl, moved by dragging.
document.querySelectorAll("[data-chart]").forEach(function (figure) {
  var frame = figure.querySelector(".chart-frame"), svg = frame && frame.querySelector("svg");
  if (!svg || !svg.viewBox.baseVal || !svg.viewBox.baseVal.width) return;
  var wide = svg.viewBox.baseVal.width, high = svg.viewBox.baseVal.height, scale = 1, tools = document.createElement("div");
  tools.className = "chart-tools";
  function zoom(to) {
    var before = scale, x = (frame.scrollLeft + frame.clientWidth / 2) / before, y = (frame.scrollTop + frame.clientHeight / 2) / before;
    scale = Math.min(8, Math.max(1, to));
    figure.classList.toggle("zoomed", scale > 1);
    var base = Math.min(wide, frame.clientWidth);
    svg.setAttribute("width", scale > 1 ? base * scale : wide);
    svg.setAttribute("height", scale > 1 ? base * scale * high / wide : high);
    frame.scrollLeft = x * scale - frame.clientWidth / 2;
    frame.scrollTop = y * scale - frame.clientHeight / 2;
  }
  [["−", "Smaller", function () { zoom(scale / 1.5); }], ["+", "Larger", function () { zoom(scale * 1.5); }], ["1:1", "Whole chart", function () { zoom(1); }]].forEach(function (tool) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = tool[0];
    button.setAttribute("aria-label", tool[1]);
    button.addEventListener("click", tool[2]);
    tools.appendChild(button);
  });
  figure.insertBefore(tools, frame);
  frame.addEventListener("wheel", function (event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(scale * (event.deltaY < 0 ? 1.2 : 1 / 1.2));
  }, {passive: false});
  var from = null;
  frame.addEventListener("pointerdown", function (event) { if (scale > 1 && event.button === 0 && !event.target.closest("a")) from = [event.clientX + frame.scrollLeft, event.clientY + frame.scrollTop]; });
  frame.addEventListener("pointermove", function (event) { if (from) { frame.scrollLeft = from[0] - event.clientX; frame.scrollTop = from[1] - event.clientY; } });
  ["pointerup", "pointerleave", "pointercancel"].forEach(function (name) { frame.addEventListener(name, function () { from = null; }); });
});

// Forms: a field that is empty makes no address longer; a button is not pressed twice.
document.querySelectorAll("form").forEach(function (form) {
  form.addEventListener("submit", function () {
    if (form.method === "get") form.querySelectorAll("input, select").forEach(function (field) { if (!field.value) field.disabled = true; });
    else setTimeout(function () { form.querySelectorAll("button").forEach(function (button) { button.disabled = true; }); }, 0);
  });
});
window.addEventListener("pageshow", function () { document.querySelectorAll("form :disabled").forEach(function (field) { field.disabled = false; }); });

// "/" goes to the search, Escape closes the menu.
document.addEventListener("keydown", function (event) {
  var field = document.getElementById("find-text"), typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
  if (event.key === "/" && !typing && field && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); field.focus(); }
  if (event.key === "Escape") document.querySelectorAll("details.menu[open]").forEach(function (menu) { menu.open = false; });
});
