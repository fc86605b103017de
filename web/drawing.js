/** The graph drawn in layers, with a turn's way lit on it. */

import { svg } from "./dom.js";

const WIDE = 118;
const HIGH = 24;
const ACROSS = 128;
const DOWN = 42;

/** Each node's layer: as far from the start as its longest way, arrows that lead back aside. */
function layers({ nodes, edges }) {
  const out = new Map(nodes.map((node) => [node, edges.filter((edge) => edge.source === node).map((edge) => edge.target)]));
  const back = new Set();
  const state = new Map();
  const visit = (node) => {
    state.set(node, "open");
    for (const next of out.get(node)) {
      if (state.get(next) === "open") back.add(`${node} ${next}`);
      else if (!state.has(next)) visit(next);
    }
    state.set(node, "done");
  };
  nodes.forEach((node) => state.has(node) || visit(node));
  const depth = new Map(nodes.map((node) => [node, 0]));
  for (let round = 0; round < nodes.length; round += 1) {
    for (const { source, target } of edges) {
      if (!back.has(`${source} ${target}`)) depth.set(target, Math.max(depth.get(target), depth.get(source) + 1));
    }
  }
  return depth;
}

function places(figure) {
  const depth = layers(figure);
  const rows = [];
  for (const node of figure.nodes) (rows[depth.get(node)] ??= []).push(node);
  const width = Math.max(...rows.map((row) => row.length)) * ACROSS + 40;
  const at = new Map();
  rows.forEach((row, y) => row.forEach((node, x) => {
    const above = figure.edges.filter((edge) => edge.target === node && depth.get(edge.source) === y - 1);
    // A node alone in its row stands under its only parent, so that other ways pass beside it.
    const alone = row.length === 1 && above.length === 1 && at.has(above[0].source);
    at.set(node, { x: alone ? at.get(above[0].source).x : width / 2 + (x - (row.length - 1) / 2) * ACROSS, y: y * DOWN + HIGH, layer: y });
  }));
  return { at, width, height: rows.length * DOWN + 8 };
}

/** An arrow's line: straight down past the rows between where nothing stands in its way, else around on the right. */
function curve(from, to, at, width) {
  const [y1, y2] = [from.y + HIGH / 2, to.y - HIGH / 2 - 5];
  if (to.layer <= from.layer) { // back: out at the upper left, in from the left
    const x = from.x - WIDE / 3;
    return `M${x} ${from.y - HIGH / 2}C${x} ${to.y + 4} ${x} ${to.y} ${to.x - WIDE / 2 - 5} ${to.y}`;
  }
  const between = [...at.values()].filter((each) => each.layer > from.layer && each.layer < to.layer);
  if (between.some((each) => Math.abs(each.x - from.x) < WIDE / 2 + 4)) {
    const side = Math.min(width - 4, Math.max(from.x, to.x) + WIDE / 2 + 24 + 34 * (to.layer - from.layer));
    return `M${from.x + WIDE / 2} ${from.y}C${side} ${from.y} ${side} ${to.y} ${to.x + WIDE / 2 + 5} ${to.y}`;
  }
  const turn = to.y - DOWN + HIGH / 2;
  return `M${from.x} ${y1}V${Math.max(y1, turn)}C${from.x} ${turn + 16} ${to.x} ${y2 - 16} ${to.x} ${y2}`;
}

/** The drawing; `path` names the steps of the turn in order. */
export function drawing(figure, path, label) {
  const { at, width, height } = places(figure);
  const [start, end] = [figure.nodes.find((node) => node.startsWith("__start")), figure.nodes.find((node) => node.startsWith("__end"))];
  const way = path.length ? [start, ...path, end] : [];
  const lit = new Set(way.slice(1).map((node, index) => `${way[index]} ${node}`));
  const arrow = (edge) => {
    const on = lit.has(`${edge.source} ${edge.target}`) ? " lit" : "";
    return svg("path", {
      class: `arrow${edge.conditional ? " maybe" : ""}${on}`, "marker-end": `url(#head${on.trim()})`,
      d: curve(at.get(edge.source), at.get(edge.target), at, width),
    });
  };
  const head = (on) => svg("marker", { id: `head${on}`, viewBox: "0 0 6 6", refX: 3, refY: 3, markerWidth: 7, markerHeight: 7, markerUnits: "userSpaceOnUse", orient: "auto" },
    svg("path", { class: `head ${on}`, d: "M0 0L6 3L0 6z" }));
  const node = (name) => {
    const { x, y } = at.get(name);
    return svg("g", { class: way.includes(name) ? "node lit" : "node" },
      svg("rect", { x: x - WIDE / 2, y: y - HIGH / 2, width: WIDE, height: HIGH, rx: 6 }),
      svg("text", { x, y: y + 4 }, name.replaceAll("__", "")));
  };
  const sorted = [...figure.edges].sort((one, other) => lit.has(`${one.source} ${one.target}`) - lit.has(`${other.source} ${other.target}`));
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${label}: ${path.join(" → ")}`, class: "drawing" },
    svg("defs", {}, head(""), head("lit")), sorted.map(arrow), figure.nodes.map(node));
}
