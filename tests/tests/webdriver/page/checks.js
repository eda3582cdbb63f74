// What is wrong with the page as it is shown: contrast (WCAG AA), controls
// without a name, small targets, and what is wider than the page.
const wrong = [];
const open = document.querySelector('dialog[open]');
const side = document.querySelector('#side.shown');
const root = open ?? side ?? document.body;
const isShown = (e) => e.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && !e.closest('.sr, .skip, [inert]');
const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
const rgba = (color) => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = color;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const luminance = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const behind = (e) => {
  for (; e; e = e.parentElement) {
    const color = rgba(getComputedStyle(e).backgroundColor);
    if (color[3] === 255) return color;
  }
  return [255, 255, 255, 255];
};
const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const e = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !isShown(e) || e.closest(':disabled, option')) continue;
  const style = getComputedStyle(e);
  const [a, b] = [luminance(rgba(style.color)), luminance(behind(e))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const isLarge = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
  if (ratio < (isLarge ? 3 : 4.5)) wrong.push(`contrast ${ratio.toFixed(2)}: ${walker.currentNode.data.slice(0, 40)}`);
}
for (const e of root.querySelectorAll('button, input, select, textarea, a, [role="region"], dialog, section, nav, aside')) {
  if (!isShown(e) && e.type !== 'radio') continue;
  const by = e.getAttribute('aria-labelledby');
  const name = e.getAttribute('aria-label') || (by && document.getElementById(by)?.innerText) || [...(e.labels ?? [])].map((l) => l.textContent).join('')
    || (['BUTTON', 'A'].includes(e.tagName) && e.innerText);
  if (!name?.trim()) wrong.push(`no name: ${e.outerHTML.slice(0, 120)}`);
  const { width, height } = e.getBoundingClientRect();
  if (e.matches('button, select') && (width < 24 || height < 24)) wrong.push(`small: ${e.outerHTML.slice(0, 80)}`);
}
for (const e of root.querySelectorAll('img')) if (!e.alt) wrong.push('a picture without words');
const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
if (new Set(ids).size !== ids.length) wrong.push('an id twice');
if (document.documentElement.scrollWidth > innerWidth) wrong.push(`the page is ${document.documentElement.scrollWidth} wide`);
for (const e of root.querySelectorAll('*')) {
  const { left, right } = e.getBoundingClientRect();
  if (isShown(e) && (right > innerWidth + 1 || left < -1) && !e.closest('pre, .table, svg, select')) wrong.push(`beyond the edge: ${e.outerHTML.slice(0, 100)}`);
}
return wrong;
