"use strict";
(() => {
  // All numbers come from the page; this script decodes and draws them. Coordinates run from 0 to 1000.
  const data = JSON.parse(document.getElementById("data").textContent);
  const frames = data.epochs.length;
  const FINE = 1000;
  const SHORT = 32767;
  const find = (id) => document.getElementById(id);
  const series = (i) => `var(--series-${i + 1})`;
  // Blue is positive, orange negative: of two classes the positive one, the second, is blue.
  const ofClass = (i) => (data.classes.length === 2 ? 1 - i : i);

  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const shorts = (text) => {
    const raw = bytes(text);
    return Int16Array.from({ length: raw.length / 2 }, (_, i) => ((raw[2 * i] | (raw[2 * i + 1] << 8)) << 16) >> 16);
  };

  function svg(parent, name, attributes = {}, text = "") {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text) node.textContent = text;
    parent.append(node);
    return node;
  }

  function html(parent, name, attributes = {}, text = "") {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text) node.textContent = text;
    parent.append(node);
    return node;
  }

  // A drawing with its frame, ticks and axis labels; y runs up.
  function plot(id, { description, xTicks = [], yTicks = [], xLabel = "", yLabel = "", canvas = null }) {
    const place = find(id);
    const surface = canvas ? html(place, "canvas", { width: canvas, height: canvas, class: "framed" }) : null;
    const drawing = svg(place, "svg", { viewBox: `0 0 ${FINE} ${FINE}`, role: "img", "aria-label": description, class: "framed" });
    for (const [at, label] of xTicks) html(place, "span", { class: "tick x", style: `left: ${at / 10}%` }, label);
    for (const [at, label] of yTicks) html(place, "span", { class: "tick y", style: `bottom: ${at / 10}%` }, label);
    if (xLabel) html(place, "span", { class: "axis x" }, xLabel);
    if (yLabel) html(place, "span", { class: "axis y" }, yLabel);
    return { drawing, surface };
  }

  const up = (y) => FINE - y;
  const pathOf = (flat) => {
    let text = "";
    for (let i = 0; i < flat.length; i += 2) text += `${i ? "L" : "M"}${flat[i]} ${up(flat[i + 1])}`;
    return text;
  };
  const pathOfPoints = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x} ${up(y)}`).join("");

  // A colour of the page as red, green, blue, whatever the reader's colour scheme.
  const rgb = (name) => {
    const value = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    return [1, 3, 5].map((i) => parseInt(value.slice(i, i + 2), 16));
  };
  let palette = [];
  const readPalette = () => { palette = Array.from({ length: 8 }, (_, i) => rgb(`--series-${i + 1}`)); };

  // Boundary: the answers all over the plane, the lines between them, and the points.
  function boundary() {
    const side = data.answers.side;
    const shades = bytes(data.answers.shades);
    const most = Math.floor(256 / data.classes.length);
    const { drawing, surface } = plot("boundary", {
      description: "The points and the regions that the network gives to each class", canvas: 4 * side, ...data.axes,
    });
    const small = html(document.createElement("div"), "canvas", { width: side, height: side });
    const context = surface.getContext("2d");
    const clip = svg(svg(drawing, "defs"), "clipPath", { id: "inside" });
    svg(clip, "rect", { width: FINE, height: FINE });
    const border = svg(drawing, "path", { class: "border", "clip-path": "url(#inside)" });
    data.points.at.forEach(([x, y], i) => {
      svg(drawing, "circle", { class: "point", cx: x, cy: up(y), r: 11, style: `fill: ${series(ofClass(data.points.label[i]))}` });
    });
    data.classes.forEach((name, i) => {
      const item = html(find("classes"), "li");
      html(item, "span", { class: "key", style: `--c: ${series(ofClass(i))}` });
      html(item, "bdi", {}, name);
    });
    return (frame) => {
      const image = small.getContext("2d").createImageData(side, side);
      for (let row = 0; row < side; row++) {
        for (let column = 0; column < side; column++) {
          const shade = shades[(frame * side + row) * side + column];
          const colour = palette[ofClass(Math.min(Math.floor(shade / most), data.classes.length - 1))];
          image.data.set([...colour, Math.round(165 * (shade % most) / (most - 1))], 4 * ((side - 1 - row) * side + column));
        }
      }
      small.getContext("2d").putImageData(image, 0, 0);
      context.clearRect(0, 0, 4 * side, 4 * side);
      context.imageSmoothingQuality = "high";
      // The grid's points lie on the edges of the drawing, half a cell inside the picture of the grid.
      context.drawImage(small, 0.5, 0.5, side - 1, side - 1, 0, 0, 4 * side, 4 * side);
      border.setAttribute("d", data.answers.boundaries[frame].map(pathOf).join(""));
    };
  }

  // Cost: the whole curve faint, what has happened so far strong.
  function curve() {
    const { drawing } = plot("curve", { description: "The cost after each epoch", ...data.curve.axes });
    for (const [at] of data.curve.axes.yTicks) svg(drawing, "line", { class: "grid", x1: 0, x2: FINE, y1: up(at), y2: up(at) });
    const guide = svg(drawing, "line", { class: "guide", y1: 0, y2: FINE });
    const lines = data.curve.lines.map((points, i) => {
      const kind = i ? " test" : "";
      const there = points.filter((point) => point);
      svg(drawing, "path", { class: `curve${kind}`, d: pathOfPoints(there) });
      const past = svg(drawing, "path", { class: `curve past${kind}` });
      return { points, past, here: svg(drawing, "circle", { class: `here${kind}`, r: 17 }) };
    });
    return (frame) => {
      for (const { points, past, here } of lines) {
        past.setAttribute("d", pathOfPoints(points.slice(0, frame + 1).filter((point) => point)));
        here.style.display = points[frame] ? "" : "none";
        if (points[frame]) { here.setAttribute("cx", points[frame][0]); here.setAttribute("cy", up(points[frame][1])); }
      }
      const x = data.curve.x[frame];
      guide.setAttribute("x1", x);
      guide.setAttribute("x2", x);
    };
  }

  // Descent: lines of equal cost, and the path of the parameters.
  function descent() {
    const { side, levels, lines, path } = data.descent;
    const values = bytes(data.descent.shades);
    const { drawing, surface } = plot("descent", {
      description: "Lines of equal cost with the path of the parameters", canvas: 4 * side, ...data.descent.axes,
    });
    lines.forEach((level) => level.forEach((line) => svg(drawing, "path", { class: "contour", d: pathOf(line) })));
    data.descent.marks.forEach(([level, x, y]) => svg(drawing, "text", { class: "level", x, y: up(y) }, levels[level]));
    svg(drawing, "path", { class: "whole", d: pathOfPoints(path) });
    const done = svg(drawing, "path", { class: "done" });
    svg(drawing, "circle", { class: "start", cx: path[0][0], cy: up(path[0][1]), r: 13 });
    const [x, y] = path[frames - 1];
    svg(drawing, "rect", { class: "end", x: x - 11, y: up(y) - 11, width: 22, height: 22 });
    const here = svg(drawing, "circle", { class: "here", r: 17 });
    const small = html(document.createElement("div"), "canvas", { width: side, height: side });
    const shade = () => {
      const image = small.getContext("2d").createImageData(side, side);
      for (let row = 0; row < side; row++) {
        for (let column = 0; column < side; column++) {
          const value = values[row * side + column];
          image.data.set([...palette[4], Math.round(0.45 * value)], 4 * ((side - 1 - row) * side + column));
        }
      }
      small.getContext("2d").putImageData(image, 0, 0);
      const context = surface.getContext("2d");
      context.clearRect(0, 0, 4 * side, 4 * side);
      context.drawImage(small, 0.5, 0.5, side - 1, side - 1, 0, 0, 4 * side, 4 * side);
    };
    return (frame, recoloured) => {
      if (recoloured) shade();
      done.setAttribute("d", pathOfPoints(path.slice(0, frame + 1)));
      here.setAttribute("cx", path[frame][0]);
      here.setAttribute("cy", up(path[frame][1]));
    };
  }

  // Weights: a parameter over all frames.
  function unpack(packed) {
    const values = shorts(packed.data);
    const count = values.length / frames;
    return { count, at: (frame, i) => values[frame * count + i] / SHORT, largest: packed.largest };
  }
  const layers = data.network.layers.map((layer) => ({
    ...layer, W: unpack(layer.W), b: layer.b && unpack(layer.b),
  }));
  const number = (value) => (value === 0 ? "0" : Math.abs(value) < 0.001 || Math.abs(value) >= 1e5 ? value.toExponential(2) : value.toPrecision(3));
  const signed = (share) => (share < 0 ? 1 : 0);

  function circles() {
    const { drawing } = plot("network", { description: "The network: circles are neurons, lines are weights" });
    drawing.classList.remove("framed");
    const counts = [data.names.length, ...layers.map((layer) => layer.neurons.length)];
    const across = (column) => 90 + (820 * column) / (counts.length - 1);
    const gap = (count) => Math.min(230, 850 / count);
    const along = (column, i) => 520 + (i - (counts[column] - 1) / 2) * gap(counts[column]);
    const radius = Math.min(64, 0.4 * Math.min(...counts.map(gap)));
    const lines = svg(drawing, "g");
    const hits = svg(drawing, "g");
    const wires = layers.flatMap((layer, l) => Array.from({ length: layer.W.count }, (_, i) => {
      const n = layer.neurons.length;
      const [from, to] = [Math.floor(i / n), i % n];
      const ends = { x1: across(l), y1: along(l, from), x2: across(l + 1), y2: along(l + 1, to) };
      const line = svg(lines, "line", { ...ends, "stroke-linecap": "round" });
      const source = l === 0 ? data.names[from] : `neuron ${from + 1} of layer ${l}`;
      const wire = { layer, i, line, name: `${layer.name}[${from}, ${to}]`, words: `from ${source} to neuron ${to + 1} of layer ${l + 1}` };
      const hit = svg(hits, "line", { ...ends, class: "hit" });
      for (const kind of ["pointerenter", "pointerdown"]) hit.addEventListener(kind, () => choose(wire));
      return wire;
    }));
    data.names.forEach((name, i) => {
      svg(drawing, "circle", { class: "neuron", cx: across(0), cy: along(0, i), r: radius, stroke: "var(--soft)", "stroke-width": 3 });
      const label = name.length > 4 ? `${name.slice(0, 3)}…` : name;
      svg(svg(drawing, "text", { x: across(0), y: along(0, i) }, label), "title", {}, name);
    });
    const defs = svg(drawing, "defs");
    const neurons = layers.flatMap((layer, l) => layer.neurons.map((_, i) => {
      const [x, y] = [across(l + 1), along(l + 1, i)];
      const clip = svg(defs, "clipPath", { id: `neuron-${l}-${i}` });
      svg(clip, "circle", { cx: x, cy: y, r: radius });
      svg(drawing, "circle", { class: "neuron", cx: x, cy: y, r: radius });
      const picture = svg(drawing, "image", {
        x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius, preserveAspectRatio: "none", "clip-path": `url(#neuron-${l}-${i})`,
      });
      const ring = svg(drawing, "circle", { class: "ring", cx: x, cy: y, r: radius });
      const neuron = { layer, l, i, picture, ring, name: `${layer.bias}[${i}]`, words: `bias of neuron ${i + 1} of layer ${l + 1}` };
      const hit = svg(drawing, "circle", { cx: x, cy: y, r: radius, fill: "transparent" });
      if (layer.b) for (const kind of ["pointerenter", "pointerdown"]) hit.addEventListener(kind, () => choose(neuron));
      return neuron;
    }));
    counts.forEach((_, column) => {
      const words = column === 0 ? "input" : column === counts.length - 1 ? "output" : `layer ${column}`;
      svg(drawing, "text", { class: "caption", x: across(column), y: 30 }, words);
    });
    const pictures = data.network.pictures.layers.map(bytes);
    const side = data.network.pictures.side;
    const brush = html(document.createElement("div"), "canvas", { width: side, height: side });

    function paint(neuron, frame) {
      const context = brush.getContext("2d");
      const image = context.createImageData(side, side);
      const last = neuron.l === layers.length - 1;
      const start = (frame * neuron.layer.neurons.length + neuron.i) * side * side;
      for (let row = 0; row < side; row++) {
        for (let column = 0; column < side; column++) {
          const share = (pictures[neuron.l][start + row * side + column] - 128) / 127;
          const colour = palette[last && data.classes.length > 2 ? neuron.i : signed(share)];
          image.data.set([...colour, Math.round(225 * Math.abs(share))], 4 * ((side - 1 - row) * side + column));
        }
      }
      context.putImageData(image, 0, 0);
      neuron.picture.setAttribute("href", brush.toDataURL());
    }

    let chosen = null;
    function choose(part) {
      if (chosen) (chosen.line ?? chosen.ring).classList.remove("chosen");
      chosen = part;
      (chosen.line ?? chosen.ring).classList.add("chosen");
      read();
    }
    function read() {
      const values = chosen && (chosen.line ? chosen.layer.W : chosen.layer.b);
      find("reading").textContent = chosen
        ? `${chosen.name} = ${number(values.at(shown, chosen.i) * values.largest)}, ${chosen.words}`
        : "Point at a line or a circle to read its weight or bias.";
    }
    find("network-words").textContent =
      "Lines and rings: blue is positive, orange negative; the wider, the larger, on one scale in each layer. Inside each circle: what the neuron gives all over the plane.";
    return (frame) => {
      for (const { layer, i, line } of wires) {
        const share = layer.W.at(frame, i);
        line.style.stroke = series(signed(share));
        line.style.strokeWidth = 1.5 + 16 * Math.abs(share);
        line.style.strokeOpacity = 0.25 + 0.75 * Math.abs(share);
      }
      for (const neuron of neurons) {
        const share = neuron.layer.b ? neuron.layer.b.at(frame, neuron.i) : 0;
        neuron.ring.style.stroke = share === 0 ? "var(--soft)" : series(signed(share));
        neuron.ring.style.strokeWidth = 3 + 11 * Math.abs(share);
        paint(neuron, frame);
      }
      read();
    };
  }

  // Many neurons: each layer's weights as a picture, a row an input, a column a neuron.
  function matrices() {
    const place = find("network");
    place.className = "matrices";
    const drawn = layers.map((layer) => {
      const columns = layer.neurons.length;
      const rows = layer.W.count / columns;
      const part = html(place, "div", { class: "matrix", style: `flex: ${columns} 1 ${3.5 + 0.1 * columns}rem` });
      const some = columns < layer.width ? `, the ${columns} strongest neurons of ${layer.width}` : "";
      html(part, "div", {}, `${layer.name}: ${rows} × ${columns}${some}, up to ±${number(layer.W.largest)}`);
      const canvas = html(part, "canvas", { width: columns, height: rows, role: "img", "aria-label": `Weights of ${layer.name}` });
      canvas.style.maxWidth = `${Math.max(3, 1.5 * columns)}rem`;
      canvas.style.height = `${Math.min(22, Math.max(1.5, 0.45 * rows))}rem`;
      return { layer, rows, columns, canvas };
    });
    find("network-words").textContent =
      "Each picture holds the weights of one layer, a row for an input and a column for a neuron: blue is positive, orange negative, on one scale in each picture.";
    return (frame) => {
      for (const { layer, rows, columns, canvas } of drawn) {
        const context = canvas.getContext("2d");
        const image = context.createImageData(columns, rows);
        for (let i = 0; i < rows * columns; i++) {
          const share = layer.W.at(frame, i);
          image.data.set([...palette[signed(share)], Math.round(255 * Math.abs(share))], 4 * i);
        }
        context.putImageData(image, 0, 0);
      }
    };
  }

  let shown = 0;
  readPalette();
  const draws = [boundary(), curve(), descent(), data.network.circles ? circles() : matrices()];
  const range = find("epoch");
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const orNone = (value, words) => (value === null ? "not finite" : words(value));

  function show(frame, recoloured = false) {
    shown = Math.min(Math.max(frame, 0), frames - 1);
    range.value = shown;
    range.setAttribute("aria-valuetext", `epoch ${data.epochs[shown]} of ${data.epochs[frames - 1]}`);
    find("now").textContent = data.epochs[shown];
    find("cost").textContent = orNone(data.cost[shown], (value) => value.toPrecision(3));
    find("accuracy").textContent = orNone(data.accuracy[shown], percent);
    if (data.test) {
      find("test-cost").textContent = orNone(data.test.cost[shown], (value) => value.toPrecision(3));
      find("test-accuracy").textContent = orNone(data.test.accuracy[shown], percent);
    }
    find("back").disabled = shown === 0;
    find("next").disabled = shown === frames - 1;
    for (const draw of draws) draw(shown, recoloured);
  }

  let timer = null;
  const pause = () => {
    clearInterval(timer);
    timer = null;
    find("play").classList.remove("playing");
    find("play").setAttribute("aria-label", "Play");
  };
  function play() {
    if (shown === frames - 1) show(0);
    find("play").classList.add("playing");
    find("play").setAttribute("aria-label", "Pause");
    timer = setInterval(() => {
      show(shown + 1);
      if (shown === frames - 1) pause();
    }, Math.min(400, Math.max(60, 8000 / frames)));
  }
  const go = (frame) => { pause(); show(frame); };

  find("play").addEventListener("click", () => (timer === null ? play() : pause()));
  find("back").addEventListener("click", () => go(shown - 1));
  find("next").addEventListener("click", () => go(shown + 1));
  range.addEventListener("input", () => go(Number(range.value)));
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const steps = { ArrowLeft: shown - 1, ArrowRight: shown + 1, Home: 0, End: frames - 1 };
    if (event.key in steps) go(steps[event.key]);
    // A button in focus takes the space bar for itself.
    else if (event.key === " " && event.target.tagName !== "BUTTON") { timer === null ? play() : pause(); }
    else return;
    event.preventDefault();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readPalette(); show(shown, true); });
  show(0, true);
})();
