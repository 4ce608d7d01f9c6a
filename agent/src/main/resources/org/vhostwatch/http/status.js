// Puts the page as it is now in the place of the one that is shown, and says so when that cannot be had.
(() => {
  'use strict';
  const PERIOD = 10000;
  const stale = document.getElementById('stale');
  const news = document.getElementById('news');
  let updated = new Date();

  function exchange(next) {
    const own = document.querySelector('script').textContent;
    if (next.querySelector('script')?.textContent !== own) {
      location.reload(); // another version of the agent
      return;
    }
    const shown = document.querySelector('main');
    const main = next.querySelector('main');
    const focused = document.activeElement?.closest('details')?.id;
    shown.querySelectorAll('details[id]').forEach((old) => {
      const same = main.querySelector('#' + CSS.escape(old.id));
      if (same) same.open = old.open;
    });
    const before = shown.querySelector('h1').textContent;
    const after = main.querySelector('h1').textContent;
    shown.replaceWith(document.adoptNode(main));
    document.querySelector('header').replaceWith(document.adoptNode(next.querySelector('header')));
    document.title = next.title;
    if (focused) document.querySelector('#' + CSS.escape(focused) + ' > summary')?.focus({ preventScroll: true });
    if (after !== before) news.textContent = after;
  }

  async function update() {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.pathname, { cache: 'no-store', signal: AbortSignal.timeout(PERIOD - 1000) });
      if (!answer.ok) throw new Error(answer.status);
      exchange(new DOMParser().parseFromString(await answer.text(), 'text/html'));
      updated = new Date();
      stale.hidden = true;
    } catch {
      stale.textContent = 'Not updated since ' + updated.toLocaleTimeString() + ': the agent does not answer.';
      stale.hidden = false;
    }
  }

  setInterval(update, PERIOD);
  document.addEventListener('visibilitychange', update);
})();
