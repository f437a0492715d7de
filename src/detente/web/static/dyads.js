// A situation: the slider and the date submit themselves, a drag across the ladder looks closer, marks tell what they stand for.
"use strict";

document.documentElement.classList.add("scripted");

function dayOf(number) { return new Date(number * 86400000).toISOString().slice(0, 10); }
function numberOf(day) { return Math.round(Date.parse(day + "T00:00:00Z") / 86400000); }

// The slider: its day is told while it moves, and gone to when it rests.
document.querySelectorAll("[data-slider]").forEach(function (form) {
  var slider = form.querySelector("input[type=range]"), date = document.getElementById("at"), timer = 0, start = slider.value;
  function go() {
    if (slider.value === start) return;
    var asked = new URLSearchParams();
    form.querySelectorAll("input[type=hidden]").forEach(function (field) { asked.append(field.name, field.value); });
    asked.set("at", dayOf(Number(slider.value)));
    location.assign(form.getAttribute("action") + "?" + asked);
  }
  slider.addEventListener("input", function () {
    date.value = dayOf(Number(slider.value));
    slider.setAttribute("aria-valuetext", date.value);
  });
  slider.addEventListener("change", function () { clearTimeout(timer); timer = setTimeout(go, 700); });
  slider.addEventListener("pointerup", function () { clearTimeout(timer); timer = setTimeout(go, 50); });
  form.addEventListener("submit", function (event) { event.preventDefault(); go(); });
});

// The date: gone to when it is chosen from the calendar; typing waits for Enter.
document.querySelectorAll("[data-submit]").forEach(function (form) {
  var typed = false;
  form.addEventListener("keydown", function () { typed = true; });
  form.addEventListener("change", function () { if (!typed && form.reportValidity()) form.requestSubmit(); });
});

// p and n: the event before, and the next.
document.addEventListener("keydown", function (event) {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) return;
  var link = {p: "Event before", n: "Next event"}[event.key], found = link && document.querySelector('.timebar-steps a[aria-label="' + link + '"]');
  if (found) location.assign(found.href);
});

// A page that waits for work looks again by itself.
document.querySelectorAll("[data-reload]").forEach(function (waiting) { setTimeout(function () { location.reload(); }, 1000 * Number(waiting.dataset.reload)); });

// A drag across the chart shows those days only.
document.querySelectorAll("[data-brush]").forEach(function (box) {
  var frame = box.querySelector(".chart-frame"), ground = frame && frame.querySelector("svg .role-frame.root > g > path.background"), band = null, from = 0;
  if (!ground) return;
  frame.classList.add("brushed");
  var first = numberOf(box.dataset.first), last = numberOf(box.dataset.last), days = last - first, margin = Math.max(1, Math.floor(days / 100));
  function inside(x) { var at = ground.getBoundingClientRect(); return Math.min(at.right, Math.max(at.left, x)); }
  function dayAt(x) {
    var at = ground.getBoundingClientRect(), share = (x - at.left) / at.width;
    return Math.min(last, Math.max(first, first - margin + Math.floor(share * (days + 1 + 2 * margin))));
  }
  frame.addEventListener("pointerdown", function (event) {
    var at = ground.getBoundingClientRect();
    if (event.button !== 0 || event.pointerType === "touch" || event.clientX < at.left || event.clientX > at.right || box.querySelector(".zoomed")) return;
    from = event.clientX;
    band = document.createElement("div");
    band.className = "brush";
    frame.appendChild(band);
    draw(event.clientX);
  });
  function draw(x) {
    var outer = frame.getBoundingClientRect(), at = ground.getBoundingClientRect(), low = inside(Math.min(from, x)), high = inside(Math.max(from, x));
    band.hidden = high - low < 6;
    var place = {left: low - outer.left + frame.scrollLeft, top: at.top - outer.top + frame.scrollTop, width: high - low, height: at.height};
    Object.keys(place).forEach(function (name) { band.style[name] = place[name] + "px"; });
  }
  window.addEventListener("pointermove", function (event) { if (band) { event.preventDefault(); draw(event.clientX); } });
  window.addEventListener("pointerup", function (event) {
    if (!band) return;
    var x = inside(event.clientX), wide = Math.abs(x - from) >= 6;
    band.remove();
    band = null;
    if (!wide) return;
    frame.addEventListener("click", function (click) { click.preventDefault(); click.stopPropagation(); }, {capture: true, once: true});
    var asked = new URLSearchParams(location.search);
    asked.set("from", dayOf(dayAt(Math.min(from, x))));
    asked.set("until", dayOf(dayAt(Math.max(from, x))));
    location.assign(location.pathname + "?" + asked + "#ladder");
  });
  frame.addEventListener("dragstart", function (event) { event.preventDefault(); });
});

// What a mark stands for, in a box beside it: the words that it has for screen readers.
(function () {
  var tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  document.body.appendChild(tip);
  function show(event) {
    var mark = event.target.closest && event.target.closest(".chart svg [aria-label]:not([role=graphics-object])");
    if (!mark || !/;/.test(mark.getAttribute("aria-label") || "") || mark.closest(".role-axis, .role-legend")) { tip.hidden = true; return; }
    tip.textContent = "";
    mark.getAttribute("aria-label").split("; ").forEach(function (part) {
      var cut = part.indexOf(": "), name = part.slice(0, cut), value = part.slice(cut + 2);
      if (cut < 0 || /^(event ids|ids)$/.test(name) || /^(x|y|day|side|level|href|events|from|to|low|high|from|none)$/.test(name) && /T00:00|Invalid|^\d*\.?\d+$/.test(value)) return;
      var line = document.createElement("p"), head = document.createElement("b");
      head.textContent = name;
      line.append(head, " " + value);
      tip.appendChild(line);
    });
    tip.hidden = !tip.childNodes.length;
    var box = mark.getBoundingClientRect(), left = Math.min(box.right + 8, innerWidth - tip.offsetWidth - 8);
    tip.style.left = Math.max(8, left) + "px";
    tip.style.top = Math.max(8, Math.min(box.top, innerHeight - tip.offsetHeight - 8)) + "px";
  }
  document.addEventListener("pointerover", show);
  document.addEventListener("focusin", show);
  document.addEventListener("scroll", function () { tip.hidden = true; }, {capture: true, passive: true});
  document.addEventListener("keydown", function (event) { if (event.key === "Escape") tip.hidden = true; });
})();
