'use strict';
// The slider: at every time the grids of that time.
const time = document.getElementById('time');
if (time) {
  const said = document.querySelector('.slider output');
  const show = () => {
    for (const each of document.querySelectorAll('[data-frame]')) {
      each.hidden = each.dataset.frame !== time.value;
      if (!each.hidden) {
        said.textContent = each.dataset.label;
        time.setAttribute('aria-valuetext', each.dataset.label);
      }
    }
  };
  time.addEventListener('input', show);
  // Browsers keep the place of a slider when a page is loaded again.
  show();
}
// The curves: the nearest point's values below, by pointer or arrow keys.
for (const svg of document.querySelectorAll('.chart svg')) {
  const points = [...svg.querySelectorAll('path')].filter((path) => path.querySelector('title'));
  const places = points.map((path) => path.transform.baseVal.getItem(0).matrix);
  const order = points.map((_, i) => i).sort((a, b) => places[a].e - places[b].e);
  const said = svg.closest('figure').querySelector('output');
  let near = -1;
  const choose = (i) => {
    if (near >= 0) {
      points[near].classList.remove('near');
    }
    near = i;
    points[near].classList.add('near');
    said.textContent = points[near].querySelector('title').textContent;
  };
  svg.addEventListener('pointermove', (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(
      svg.getScreenCTM().inverse());
    let best = 0;
    let least = Infinity;
    places.forEach((place, i) => {
      const distance = (place.e - at.x) ** 2 + (place.f - at.y) ** 2;
      if (distance < least) {
        least = distance;
        best = i;
      }
    });
    choose(best);
  });
  svg.tabIndex = 0;
  svg.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) {
      const place = order.indexOf(near) + step;
      choose(order[Math.max(0, Math.min(order.length - 1, near < 0 ? 0 : place))]);
      event.preventDefault();
    }
  });
  svg.addEventListener('focus', () => said.setAttribute('aria-live', 'polite'));
  svg.addEventListener('blur', () => said.removeAttribute('aria-live'));
}
