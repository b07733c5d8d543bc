/** A chart as a picture: an SVG file that looks the same without the styles of this page. */

const LOOKS = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-family", "font-size", "font-weight", "text-anchor"] as const;

/** The text of a chart as a file of its own, with the colours that it has now, its title above it. */
export function picture(chart: SVGSVGElement, title: string): string {
  const copy = chart.cloneNode(true) as SVGSVGElement;
  const originals = [chart, ...chart.querySelectorAll<SVGElement>("*")];
  const copies = [copy, ...copy.querySelectorAll<SVGElement>("*")];
  originals.forEach((original, at) => {
    const computed = getComputedStyle(original);
    for (const look of LOOKS) copies[at]?.setAttribute(look, computed.getPropertyValue(look));
    copies[at]?.removeAttribute("class");
  });
  const { x, y, width, height } = chart.viewBox.baseVal;
  const ground = document.createElementNS(chart.namespaceURI, "rect");
  const above = 36;
  for (const [name, value] of Object.entries({ x, y: y - above, width, height: height + above })) ground.setAttribute(name, `${value}`);
  ground.setAttribute("fill", getComputedStyle(document.documentElement).getPropertyValue("--surface"));
  const heading = document.createElementNS(chart.namespaceURI, "text");
  for (const [name, value] of Object.entries({ x: x + 8, y: y - 12, "font-size": 16, "font-family": "sans-serif", "font-weight": 700 })) heading.setAttribute(name, `${value}`);
  heading.setAttribute("fill", getComputedStyle(document.documentElement).getPropertyValue("--ink"));
  heading.textContent = title;
  copy.prepend(ground, heading);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("viewBox", `${x} ${y - above} ${width} ${height + above}`);
  return new XMLSerializer().serializeToString(copy);
}
