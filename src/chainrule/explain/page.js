"use strict";
(() => {
  const find = (id) => document.getElementById(id);
  const steps = [...document.querySelectorAll(".step")];
  const links = [...document.querySelectorAll("#steps a")];
  const names = links.map((link) => link.querySelector(".name").textContent);
  let shown = -1;

  const place = () => steps.findIndex((step) => `#${step.id}` === location.hash);

  function show(number, { focus = false, record = true } = {}) {
    const wanted = Math.min(Math.max(number, 0), steps.length - 1);
    const moved = wanted !== shown;
    shown = wanted;
    steps.forEach((step, i) => step.classList.toggle("shown", i === shown));
    links.forEach((link, i) => {
      link.classList.toggle("seen", i < shown);
      if (i === shown) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
    });
    find("back").disabled = shown === 0;
    find("next").disabled = shown === steps.length - 1;
    find("back-name").textContent = shown === 0 ? "Back" : names[shown - 1];
    find("next-name").textContent = shown === steps.length - 1 ? "Next" : names[shown + 1];
    find("count").textContent = `${shown + 1} of ${steps.length}`;
    if (!moved) return;
    // A page inside another's frame, as in a notebook, has no address of its own.
    if (record && location.protocol !== "about:") history.replaceState(null, "", `#${steps[shown].id}`);
    scrollTo(0, 0);
    // People who listen hear where they are; those who look see no ring around a heading.
    if (focus) steps[shown].querySelector("h2").focus({ preventScroll: true });
  }

  const go = (number) => show(number, { focus: true });
  document.documentElement.classList.add("walked");
  links.forEach((link, i) => link.addEventListener("click", (event) => { event.preventDefault(); go(i); }));
  find("back").addEventListener("click", () => go(shown - 1));
  find("next").addEventListener("click", () => go(shown + 1));
  addEventListener("hashchange", () => { if (place() >= 0) show(place(), { focus: true, record: false }); });

  // What moves something itself keeps its keys.
  const OWN_KEYS = "input, select, textarea, [role=slider], [data-keys]";
  const scrolls = (element) => element.closest(".scroll") && element.closest(".scroll").scrollWidth > element.closest(".scroll").clientWidth;
  addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
    if (event.target.closest && (event.target.closest(OWN_KEYS) || scrolls(event.target))) return;
    const targets = { ArrowLeft: shown - 1, ArrowRight: shown + 1, Home: 0, End: steps.length - 1 };
    if (!(event.key in targets)) return;
    go(targets[event.key]);
    event.preventDefault();
  });
  show(Math.max(place(), 0), { record: place() >= 0 });

  // Paper has no buttons: what can be opened is open there, but for the longest list.
  addEventListener("beforeprint", () => document.querySelectorAll("details:not([data-fill])").forEach((one) => { one.open = true; }));

  const data = JSON.parse(find("data").textContent);
  const KINDS = { u1: [1, "getUint8"], i1: [1, "getInt8"], "<f4": [4, "getFloat32"], "<f8": [8, "getFloat64"] };
  function unpacked({ kind, content }) {
    const view = new DataView(Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0)).buffer);
    const [size, read] = KINDS[kind];
    return Array.from({ length: view.byteLength / size }, (_, i) => view[read](i * size, true));
  }
  const written = (number, digits = 6) => {
    if (Number.isInteger(number) && Math.abs(number) < 1e6) return String(number).replace("-", "−");
    const small = number !== 0 && (Math.abs(number) < 1e-4 || Math.abs(number) >= 1e6);
    const text = small ? number.toExponential(digits - 1).replace(/\.?0+e/, "e").replace("e+", "e") : String(Number(number.toPrecision(digits)));
    return text.replaceAll("-", "−");
  };
  const row = data.row && unpacked(data.row);
  const X = data.x && unpacked(data.x);

  // The frame over the picture, and its numbers.
  const framing = find("framing");
  if (framing) {
    const [height, width, channels] = data.shape;
    const side = data.window;
    const tables = [...document.querySelectorAll(".plane table")];
    let [top, left] = data.corner;
    const move = (newTop, newLeft) => {
      top = Math.min(Math.max(Math.round(newTop), 0), height - side);
      left = Math.min(Math.max(Math.round(newLeft), 0), width - side);
      find("frame").style.top = `${(100 * top) / height}%`;
      find("frame").style.left = `${(100 * left) / width}%`;
      find("window-place").textContent = `rows ${top} to ${top + side - 1}, columns ${left} to ${left + side - 1}`;
      const first = (top * width + left) * channels;
      find("first-pixel").textContent = Array.from({ length: channels }, (_, c) => `${data.names[1]}[${first + c}] = ${written(X[first + c], 3)}`).join(", ");
      tables.forEach((table, channel) => [...table.querySelectorAll("td")].forEach((cell, i) => {
        const pixel = (top + Math.floor(i / side)) * width + left + (i % side);
        const number = row[pixel * channels + channel];
        cell.textContent = number;
        cell.style.setProperty("--v", number);
        cell.title = `${data.names[1]}[${pixel * channels + channel}] = ${written(X[pixel * channels + channel])}`;
      }));
    };
    const follow = (event) => {
      const box = framing.getBoundingClientRect();
      move(((event.clientY - box.top) / box.height) * height - side / 2, ((event.clientX - box.left) / box.width) * width - side / 2);
    };
    framing.addEventListener("pointerdown", (event) => { framing.setPointerCapture(event.pointerId); follow(event); });
    framing.addEventListener("pointermove", (event) => { if (framing.hasPointerCapture(event.pointerId)) follow(event); });
    framing.addEventListener("keydown", (event) => {
      const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (!by) return;
      move(top + by[0], left + by[1]);
      event.preventDefault();
    });
    move(top, left);
  }

  // Long lists are written when they are asked for.
  const pad = (text, width) => text.padStart(width);
  document.querySelectorAll("details[data-fill]").forEach((details) => details.addEventListener("toggle", () => {
    const target = find(details.dataset.fill);
    if (target.textContent) return;
    const wide = String(row.length).length;
    const lines = row.map((number, i) => `${pad(`[${i}]`, wide + 2)} ${pad(written(number), 5)}${data.same ? "" : ` → ${pad(written(X[i], 4), 9)}`}`);
    target.textContent = lines.join("\n");
  }));

  // The sum behind the Z of a neuron.
  const signed = (number) => (number > 0 ? `+${written(number, 4)}` : written(number, 4));
  const made = (tag, text = "", className = "") => Object.assign(document.createElement(tag), { textContent: text, className });
  function placeOf(index) {
    if (!data.shape) return "";
    const [, width, channels] = data.shape;
    const pixel = Math.floor(index / channels);
    const channel = channels === 3 ? `, ${["red", "green", "blue"][index % 3]}` : "";
    return `row ${Math.floor(pixel / width)}, column ${pixel % width}${channel}`;
  }
  function bar(value, largest) {
    const NS = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(NS, "svg");
    Object.entries({ class: "bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }).forEach(([k, v]) => svg.setAttribute(k, v));
    const zero = svg.appendChild(document.createElementNS(NS, "path"));
    Object.entries({ class: "zero", d: "M50 0V10" }).forEach(([k, v]) => zero.setAttribute(k, v));
    const share = largest ? (50 * value) / largest : 0;
    const box = svg.appendChild(document.createElementNS(NS, "rect"));
    Object.entries({ class: value < 0 ? "minus" : "plus", x: Math.min(50, 50 + share), y: 1, width: Math.abs(share), height: 8 }).forEach(([k, v]) => box.setAttribute(k, v));
    return svg;
  }
  function sumTable(layer, j, [terms, rest, bias], z, first) {
    const table = made("table", "", "terms");
    const largest = Math.max(Math.abs(z), Math.abs(rest), Math.abs(bias || 0), ...terms.map(([, a, w]) => Math.abs(a * w)));
    const line = (name, factors, value, { place = "", cls = "", total = false } = {}) => {
      const tr = table.appendChild(made("tr", "", total ? "total" : ""));
      const head = tr.appendChild(made("th", name, cls));
      head.scope = "row";
      if (place) head.append(made("small", place, "soft"));
      tr.append(made("td", factors, "n factors"), made("td", signed(value), "n"));
      tr.appendChild(made("td", "", "drawn")).append(bar(value, largest));
    };
    terms.forEach(([i, a, w]) => line(`${layer.reads}[${i}]`, `${written(a, 4)} × ${written(w, 4)}`, a * w, { place: first ? placeOf(i) : "" }));
    const more = layer.inputs - terms.length;
    if (more) line(`${more.toLocaleString("en")} more`, "", rest);
    if (bias !== null) line("bias", "", bias, { cls: "parameter" });
    line(`${layer.z}[${j}]`, "", z, { cls: "forward", total: true });
    return table;
  }
  // The terms of a neuron of the first layer, added up by pixel, over the picture.
  const levels = data.maps && unpacked(data.maps.levels);
  const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const [plus, minus] = data.colors.map(rgb);
  function termMap(at) {
    const [height, width] = data.shape;
    const canvas = Object.assign(made("canvas", "", "pixels"), { width, height });
    const image = new ImageData(width, height);
    levels.slice(at * width * height, (at + 1) * width * height).forEach((level, i) => {
      image.data.set([...(level < 0 ? minus : plus), 2 * Math.abs(level)], 4 * i);
    });
    canvas.getContext("2d").putImageData(image, 0, 0);
    const figure = made("figure", "", "term-map");
    const under = Object.assign(made("img", "", "pixels under"), { src: document.querySelector("header img").src, alt: "" });
    const stack = figure.appendChild(made("span", "", "stack"));
    stack.append(under, canvas);
    figure.append(made("figcaption", `All terms, added up by pixel: blue above 0, orange below, full from ${written(data.maps.strongest[at], 3)} on.`, "small soft"));
    return figure;
  }
  document.querySelectorAll(".neurons[data-layer]").forEach((list) => {
    const number = Number(list.dataset.layer) - 1;
    const layer = data.layers[number];
    const [Z, A] = [unpacked(layer.Z), unpacked(layer.A)];
    const behind = list.parentElement.querySelector(".behind");
    const buttons = [...list.querySelectorAll("button")];
    buttons.forEach((button, at) => button.addEventListener("click", () => {
      const open = button.getAttribute("aria-expanded") !== "true";
      buttons.forEach((one) => one.setAttribute("aria-expanded", String(open && one === button)));
      behind.hidden = !open;
      if (!open) return;
      const j = Number(button.querySelector("small").textContent);
      const end = layer.activation ? made("p", `${layer.a}[${j}] = ${layer.activation.replace(layer.z, `${layer.z}[${j}]`)} = ${written(A[j])}`, "formula") : "";
      const words = made("div");
      words.append(sumTable(layer, j, layer.sums[at], Z[j], number === 0), end);
      behind.replaceChildren(words, ...(number === 0 && levels ? [termMap(at)] : []));
    }));
  });

  // A drawing of the way back begins at its right end.
  document.querySelectorAll("[data-from-end]").forEach((box) => {
    const end = () => { box.scrollLeft = box.scrollWidth; };
    new ResizeObserver(end).observe(box);
  });

  document.querySelectorAll(".zoom").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      const full = button.parentElement.classList.toggle("full");
      button.setAttribute("aria-pressed", String(full));
      const box = button.parentElement.querySelector(".scroll");
      box.scrollLeft = box.scrollWidth;
    });
  });

  // One number of dJ/dW: what came in times the gradient of Z.
  document.querySelectorAll(".lookup").forEach((lookup) => {
    const number = Number(lookup.dataset.layer) - 1;
    const layer = data.layers[number];
    const into = number === 0 ? X : unpacked(data.layers[number - 1].A);
    if (!into || !(layer.z in data.dZ)) return;
    const dZ = unpacked(data.dZ[layer.z]);
    const [i, j] = lookup.querySelectorAll("input");
    const write = () => {
      const [a, b] = [i, j].map((input) => Math.min(Math.max(Math.round(Number(input.value)) || 0, 0), Number(input.max)));
      lookup.querySelector("output").textContent =
        `= ${layer.reads}[${a}] × dJ/d${layer.z}[${b}] = ${written(into[a])} × ${written(dZ[b])} = ${written(into[a] * dZ[b])}`;
    };
    [i, j].forEach((input) => input.addEventListener("input", write));
    // It begins with the largest.
    const largest = (list) => list.reduce((best, one, at) => (Math.abs(one) > Math.abs(list[best]) ? at : best), 0);
    i.value = largest(into);
    j.value = largest(dZ);
    lookup.hidden = false;
    write();
  });

  // The maps over the picture.
  const view = find("saliency-view");
  if (view) {
    const choose = (key) => view.querySelectorAll(".viewer .over").forEach((map) => map.classList.toggle("shown", map.dataset.map === key));
    view.querySelectorAll("input[name=map]").forEach((radio) => radio.addEventListener("change", () => choose(radio.value)));
    const opacity = find("opacity");
    const fade = () => {
      find("opacity-value").textContent = `${opacity.value} %`;
      view.style.setProperty("--opacity", Number(opacity.value) / 100);
    };
    opacity.addEventListener("input", fade);
    const grey = () => view.classList.toggle("coloured", !find("grey").checked);
    find("grey").addEventListener("change", grey);
    choose(view.querySelector("input[name=map]:checked").value);
    fade();
    grey();
  }
})();
