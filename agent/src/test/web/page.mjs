// Opens pages in headless Chromium: node page.mjs FOLDER NAME=URL... Keeps screenshots in FOLDER, lets axe look for
// what keeps people out, and fails on what the page logs, asks others for, or does not fit a phone. One line a page.
import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';
import puppeteer from 'puppeteer-core';

const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const [folder, ...pages] = process.argv.slice(2);
const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } };
let failures = 0;

function check(what, found) {
  if (found.length > 0) {
    failures += found.length;
    found.forEach((each) => console.log(`FAIL ${what}: ${each}`));
  }
}

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  // It runs as root, in containers, on hosts without /dev/shm; nothing but our own page is opened.
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--disable-extensions'],
});
try {
  for (const [name, url] of pages.map((each) => each.split(/=(.*)/s))) {
    for (const scheme of ['light', 'dark']) {
      const page = await browser.newPage();
      const troubles = [];
      page.on('console', (line) => troubles.push(`logs ${line.text()}`));
      page.on('pageerror', (error) => troubles.push(`fails with ${error.message}`));
      page.on('dialog', (dialog) => { troubles.push(`opens a dialog: ${dialog.message()}`); dialog.dismiss(); });
      page.on('request', (request) => {
        const at = new URL(request.url());
        if (at.origin !== new URL(url).origin && at.protocol !== 'data:') troubles.push(`asks ${request.url()}`);
      });
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      for (const [size, viewport] of Object.entries(SIZES)) {
        await page.setViewport(viewport);
        const answer = await page.goto(url, { waitUntil: 'load' });
        check(`${name} ${scheme}`, answer.ok() ? [] : [`answers ${answer.status()}`]);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        check(`${name} ${scheme} ${size}`, wide > 0 ? [`is ${wide} pixels wider than the window`] : []);
        await page.screenshot({ path: path.join(folder, `${name}-${size}-${scheme}.png`), fullPage: size === 'desktop' && name !== 'crowded' });
      }
      // The browser asks for an icon by itself, which there is not.
      check(`${name} ${scheme}`, troubles.filter((trouble) => !/404/.test(trouble)));
      // In a world of its own, which the page's own policy does not bind.
      const world = await page.mainFrame().isolatedRealm();
      await world.evaluate(() => document.querySelectorAll('details').forEach((each) => { each.open = true; }));
      await world.evaluate(axe);
      const result = await world.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
      check(
        `${name} ${scheme} axe`,
        result.violations
          .filter((each) => ['serious', 'critical', 'moderate'].includes(each.impact))
          .map((each) => `${each.impact} ${each.id}: ${each.help}: ${each.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' ; ')}`),
      );
      console.log(`${failures === 0 ? 'PASS' : 'seen'} ${name} ${scheme}: ${result.passes.length} rules of axe met`);
      await page.close();
    }
  }
  // The page changes itself: what was opened stays open, and what is new is said.
  const [, url] = pages[0].split(/=(.*)/s);
  const page = await browser.newPage();
  await page.goto(url);
  const seen = await page.evaluate(() => document.querySelector('header time').textContent);
  await page.evaluate(() => document.querySelectorAll('details').forEach((each) => { each.open = !each.open; }));
  const opened = await page.evaluate(() => [...document.querySelectorAll('details')].map((each) => each.open).join());
  await page
    .waitForFunction((before) => document.querySelector('header time').textContent !== before, { timeout: 25000 }, seen)
    .catch(() => check('update', ['the page does not bring itself up to date']));
  const still = await page.evaluate(() => [...document.querySelectorAll('details')].map((each) => each.open).join());
  check('update', still === opened ? [] : ['what was opened or closed does not stay so']);
  console.log(`${failures === 0 ? 'PASS' : 'seen'} update`);
} finally {
  await browser.close();
}
console.log(`${failures} findings`);
process.exit(failures === 0 ? 0 : 1);
