// Plays a person in headless Chromium: opens URL, logs in, allows or denies the app, and comes back. Prints a line of
// JSON for each page.
//
//	node browser.js PATH-OF-PLAYWRIGHT PROFILE-DIRECTORY USERNAME PASSWORD allow|deny URL
//
// It tries a wrong password first. With SHOTS=DIRECTORY it takes a screenshot of each page, light and dark.
'use strict';

const path = require('path');
const [, , playwright, profile, username, password, answer, url] = process.argv;
const { chromium } = require(path.resolve(playwright));
const { host } = new URL(url);

// The org is taken for one on the public network, which it is not here, and nothing else can be reached.
const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
	'--disable-background-networking',
	'--disable-component-update', '--disable-sync', `--ip-address-space-overrides=${host}=public`,
	'--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1'];

(async () => {
	const context = await chromium.launchPersistentContext(profile,
		{ executablePath: '/usr/bin/chromium', args, ignoreHTTPSErrors: true,
		viewport: { width: 900, height: 700 } });
	const page = context.pages()[0];
	const asked = new Set(), complaints = [];
	let status = 0;

	page.setDefaultTimeout(60000);
	page.on('request', (r) => { if (!r.url().startsWith('data:')) asked.add(new URL(r.url()).host); });
	page.on('response', (r) => { if (r.request().isNavigationRequest()) status = r.status(); });
	page.on('console', (m) => {
		if (m.type() === 'error' && !/the server responded with a status of 400/.test(m.text()))
			complaints.push(m.text());
	});
	page.on('pageerror', (e) => complaints.push(e.message));

	const see = async (what) => {
		const has = async (selector) => (await page.locator(selector).allInnerTexts()).join('|');
		console.log(JSON.stringify({ what, status, where: page.url().replace(/\?.*/, ''),
			title: await page.title(), heading: await has('h1'),
			alert: await has('[role=alert]'), list: await has('li'), buttons: await has('button'),
			text: await has('main, body > p') }));
		for (const scheme of process.env.SHOTS ? ['light', 'dark'] : []) {
			await page.emulateMedia({ colorScheme: scheme });
			await page.screenshot({ path: `${process.env.SHOTS}/${answer}-${what}-${scheme}.png` });
		}
	};
	const fill = async (word) => {
		await page.getByLabel('Username').fill(username);
		await page.getByLabel('Password').fill(word);
		await page.getByRole('button', { name: 'Log In' }).click();
	};

	await page.goto(url);
	await see('login');
	await fill('wrong');
	await page.getByRole('alert').waitFor();
	await see('again');
	await fill(password);
	const button = page.getByRole('button', { name: answer });
	await button.waitFor();
	await see('ask');
	await button.click();
	await page.getByRole('heading', { name: 'ogged in' }).waitFor();
	await see('end');
	console.log(JSON.stringify({ what: 'all', asked: [...asked].sort().join(' '), complaints }));
	await context.close();
})().catch((e) => {
	console.log(JSON.stringify({ what: 'failed', why: e.stack }));
	process.exitCode = 1;
	process.kill(process.pid, 'SIGTERM');
});
