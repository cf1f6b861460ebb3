// An unmodified jsforce against sffs-org: a real client library logs in, queries, pages, describes, retrieves and
// downloads, and gets the errors that it knows. TAP.
//
//	node jsforce.js PATH-OF-JSFORCE LOGIN-URL CLIENT-ID CLIENT-SECRET
//
// The org needs more than 200 documents, so that queries have more than one page.
'use strict';

const crypto = require('crypto');
const path = require('path');
const [, , where, loginUrl, clientId, clientSecret] = process.argv;

if (!clientSecret) {
	console.error('usage: node jsforce.js PATH-OF-JSFORCE LOGIN-URL CLIENT-ID CLIENT-SECRET');
	process.exit(2);
}
const jsforce = require(path.resolve(where));

let run = 0, failed = 0;

function ok(good, what) {
	console.log(`${good ? 'ok' : 'not ok'} ${++run} - ${what}`);
	failed += good ? 0 : 1;
}

function is(got, want, what) {
	ok(got === want, what);
	if (got !== want)
		console.log(`# got:  ${got}\n# want: ${want}`);
}

// The error of a promise that fails: errorCode of the API, name of OAuth.
async function codeOf(promise) {
	try {
		await promise;
		return 'no error';
	} catch (e) {
		return e.errorCode || e.name;
	}
}

function connect(secret) {
	return new jsforce.Connection({ oauth2: { loginUrl, clientId, clientSecret: secret }, loginUrl,
		version: '62.0' });
}

async function login() {
	const conn = connect(clientSecret);
	const user = await conn.authorize({ grant_type: 'client_credentials' });
	ok(/^005.{15}$/.test(user.id), 'client credentials log in, and the answer has the user');
	ok(/^00D.{15}$/.test(user.organizationId), 'the answer has the org');
	is((await conn.identity()).user_id, user.id, 'the identity URL tells the same user');
	is(await codeOf(connect('wrong').authorize({ grant_type: 'client_credentials' })), 'invalid_client',
		'a wrong secret is refused');
	is(await codeOf(conn.authorize({ grant_type: 'no_such' })), 'unsupported_grant_type',
		'an unknown flow is refused');
	return conn;
}

async function queries(conn) {
	const total = (await conn.query('SELECT COUNT() FROM ContentDocument')).totalSize;
	ok(total > 200, 'COUNT() counts more than 200 documents');

	const first = await conn.query('SELECT Id FROM ContentDocument ORDER BY Id',
		{ headers: { 'Sforce-Query-Options': 'batchSize=200' } });
	is(first.records.length, 200, 'a page has as many rows as batchSize asks for');
	is(first.done, false, 'a first page is not the last');
	const rest = await conn.queryMore(first.nextRecordsUrl);
	is(rest.totalSize, total, 'totalSize is the same on the next page');
	ok(rest.records[0].Id > first.records[199].Id, 'the next page goes on where the first ended');

	const rows = await new Promise((resolve, reject) => {
		const found = [];
		conn.query('SELECT Id, Title, Owner.Name FROM ContentDocument',
			{ headers: { 'Sforce-Query-Options': 'batchSize=200' } })
			.on('record', (row) => found.push(row)).on('end', () => resolve(found)).on('error', reject)
			.run({ autoFetch: true, maxFetch: 1000000,
				headers: { 'Sforce-Query-Options': 'batchSize=200' } });
	});
	is(rows.length, total, 'autoFetch brings every row');
	is(new Set(rows.map((row) => row.Id)).size, total, 'autoFetch brings each row once');
	ok(rows.every((row) => typeof row.Owner.Name === 'string'), 'relations are objects');

	const found = await conn.sobject('ContentVersion').find({ IsLatest: true, FileType: 'CSV' },
		['Id', 'ContentSize', 'Checksum'])
		.sort({ ContentSize: -1 }).limit(3);
	is(found.length, 3, 'find() with conditions, order and limit');
	ok(found[0].ContentSize >= found[2].ContentSize, 'find() sorts');
	return found[0];
}

async function records(conn, version) {
	const record = await conn.sobject('ContentVersion').retrieve(version.Id);
	is(record.Checksum, version.Checksum, 'retrieve() gives the record');
	const bytes = await conn.request({ method: 'GET', url: record.VersionData }, { encoding: 'binary' })
		.catch(() => null) || '';
	ok(bytes.length > 0, 'request() follows the URL in VersionData');

	const hash = crypto.createHash('md5');
	let size = 0;
	await new Promise((resolve, reject) => conn.sobject('ContentVersion').record(version.Id).blob('VersionData')
		.on('data', (chunk) => { hash.update(chunk); size += chunk.length; })
			.on('end', resolve).on('error', reject));
	is(size, version.ContentSize, 'blob() brings every byte');
	is(hash.digest('hex'), version.Checksum, 'blob() brings the right bytes');
}

async function objects(conn) {
	const meta = await conn.sobject('ContentDocument').describe();
	is(meta.keyPrefix, '069', 'describe() knows the key prefix');
	is(meta.replicateable, false, 'describe() knows that files are not replicateable');
	is(meta.fields.find((f) => f.name === 'LatestPublishedVersionId').relationshipName, 'LatestPublishedVersion',
		'describe() knows relations');
	const names = (await conn.describeGlobal()).sobjects.map((o) => o.name);
	ok(names.includes('ContentVersion') && names.includes('User'), 'describeGlobal() lists the objects');
	ok((await conn.limits()).DailyApiRequests.Remaining > 0, 'limits() has the API limit');
	ok(conn.limitInfo.apiUsage.used > 0, 'Sforce-Limit-Info is understood');
}

async function errors(conn) {
	is(await codeOf(conn.query('SELECT Nothing FROM ContentDocument')), 'INVALID_FIELD',
		'a query of an unknown field is INVALID_FIELD');
	is(await codeOf(conn.query('SELECT Id FROM Nothing')), 'INVALID_TYPE',
		'a query of an unknown object is refused');
	is(await codeOf(conn.query('SELECT Id FORM ContentDocument')), 'MALFORMED_QUERY',
		'a query that is none is refused');
	is(await codeOf(conn.query('SELECT Id FROM ContentFolderItem')), 'MALFORMED_QUERY',
		'a query that lacks a required filter is refused');
	is(await codeOf(conn.queryMore('/services/data/v62.0/query/0r8000000000000AAA-2000')), 'INVALID_QUERY_LOCATOR',
		'an unknown locator is refused');
	is(await codeOf(conn.sobject('ContentDocument').retrieve('069000000000000AAA')), 'NOT_FOUND',
		'an unknown record is NOT_FOUND');
	const bad = new jsforce.Connection({ instanceUrl: conn.instanceUrl, accessToken: '00Dbad!token',
		version: '62.0' });
	is(await codeOf(bad.query('SELECT Id FROM User')), 'INVALID_SESSION_ID', 'a bad token is refused');
}

// What other clients than file clients use.
async function more(conn) {
	const Account = conn.sobject('Account');
	const bare = new jsforce.Connection({ instanceUrl: conn.instanceUrl, accessToken: conn.accessToken,
		version: '62.0' });
	is((await bare.identity()).username, 'integration@example.com', 'identity() without a login finds its URL');
	is((await Account.upsert({ Name: 'Up', External_Id__c: 'j1' }, 'External_Id__c')).created, true,
		'upsert() makes a record');
	is((await Account.upsert([{ Phone: '9', External_Id__c: 'j1' }, { Name: 'Up 2', External_Id__c: 'j2' }],
		'External_Id__c')).map((r) => `${r.success} ${r.created}`).join(), 'true false,true true',
		'upsert() of many changes and makes');
	is((await Account.find({ External_Id__c: 'j1' }, ['Name', 'Phone'])).map((a) => `${a.Name} ${a.Phone}`).join(),
		'Up 9', 'find() sees what upsert() did');
	const up = await Account.findOne({ External_Id__c: 'j1' }, ['Id']);
	await conn.sobject('Contact').create({ LastName: 'Kid', AccountId: up.Id });
	const [parent] = await Account.find({ Id: up.Id }, ['Name']).include('Contacts').select('LastName').end();
	is(parent.Contacts.records[0].LastName, 'Kid', 'include() brings child records');
	const groups = await conn.query("SELECT Name, COUNT(Id) n FROM Account WHERE Name LIKE 'Up%' GROUP BY Name " +
		'ORDER BY Name');
	is(groups.records.map((g) => `${g.Name} ${g.n}`).join(), 'Up 1,Up 2 1', 'a query has groups');
	is((await Account.find({ CreatedDate: jsforce.SfDate.TODAY, Name: { $like: 'Up%' } }, ['Id'])).length, 2,
		'find() takes date literals');
	is((await conn.search('FIND {Up} RETURNING Account(Id, Name)')).searchRecords.length, 2, 'search() finds');
	const now = new Date();
	is((await conn.sobject('Account').updated(new Date(now - 600000), new Date(now.getTime() + 600000)))
		.ids.includes(up.Id), true, 'updated() has what was changed');
	const text = 'attachment';
	const attached = await conn.sobject('Attachment').create({ Name: 'a.txt', ParentId: up.Id,
		Body: Buffer.from(text).toString('base64') });
	const body = await new Promise((resolve, reject) => {
		let got = '';
		conn.sobject('Attachment').record(attached.id).blob('Body').on('data', (c) => { got += c; })
			.on('end', () => resolve(got)).on('error', reject);
	});
	is(body, text, 'blob() brings an attachment');

	conn.bulk2.pollInterval = 100;
	const loaded = await conn.bulk2.loadAndWaitForResults({ object: 'Account', operation: 'insert',
		input: [{ Name: 'Bulk "1"', Phone: '' }, { Name: 'Bulk 2', Phone: '2' }, { Phone: '3' }] });
	is(`${loaded.successfulResults.length} ${loaded.failedResults.length} ${loaded.unprocessedRecords.length}`,
		'2 1 0', 'bulk2 writes records, and tells which failed');
	const stream = await conn.bulk2.query("SELECT Name, Phone FROM Account WHERE Name LIKE 'Bulk%'");
	const found = await stream.toArray();
	is(found.map((a) => `${a.Name}/${a.Phone}`).sort().join(), 'Bulk "1"/,Bulk 2/2', 'bulk2 reads records');
	is(await codeOf(conn.bulk2.query('SELECT COUNT(Id) FROM Account')), 'FUNCTIONALITY_NOT_ENABLED',
		'bulk2 tells why a query is refused');
}

// A login by SOAP, as of a client that knows no OAuth.
async function soap() {
	const conn = new jsforce.Connection({ loginUrl, version: '62.0' });
	const user = await conn.login('alice.adams@example.com', 'simulated');
	is((await conn.query(`SELECT Name FROM User WHERE Id = '${user.id}'`)).records[0].Name, 'Alice Adams',
		'login() by SOAP gives a session');
	const message = await new jsforce.Connection({ loginUrl, version: '62.0' })
		.login('alice.adams@example.com', 'wrong').catch((e) => e.message);
	is(message, 'INVALID_LOGIN: Invalid username, password, security token; or user locked out.',
		'login() by SOAP with a wrong password is refused');
}

async function tokens(conn) {
	const again = new jsforce.Connection({ instanceUrl: conn.instanceUrl, accessToken: conn.accessToken,
		version: '62.0' });
	is((await again.query('SELECT Id FROM Organization')).totalSize, 1, 'a token and an instance URL are enough');
	const renewing = new jsforce.Connection({
		instanceUrl: conn.instanceUrl, accessToken: '00Dbad!token', version: '62.0',
		refreshFn: (c, done) => done(null, conn.accessToken),
	});
	is((await renewing.query('SELECT Id FROM Organization')).totalSize, 1, 'after a 401 the token is renewed');
	await conn.oauth2.revokeToken(again.accessToken);
	is(await codeOf(again.query('SELECT Id FROM User')), 'INVALID_SESSION_ID', 'a revoked token is refused');
}

async function writes(conn) {
	const Version = conn.sobject('ContentVersion'), Doc = conn.sobject('ContentDocument'),
		Link = conn.sobject('ContentDocumentLink');
	const base64 = (text) => Buffer.from(text).toString('base64');
	const made = await Version.create({ Title: 'Made', PathOnClient: 'made.txt', VersionData: base64('first') });
	ok(made.success && made.id.startsWith('068'), 'create() uploads a file');
	const { ContentDocumentId: doc } = await Version.retrieve(made.id);
	const next = await Version.create({ ContentDocumentId: doc, PathOnClient: 'made.txt',
		VersionData: base64('second'), ReasonForChange: 'because' });
	const versions = await Version.find({ ContentDocumentId: doc },
		['Id', 'VersionNumber', 'IsLatest', 'ReasonForChange']).sort({ VersionNumber: 1 });
	is(versions.map((v) => `${v.VersionNumber} ${v.IsLatest} ${v.ReasonForChange}`).join(),
		'1 false null,2 true because', 'a new version is the latest');
	is((await Doc.retrieve(doc)).LatestPublishedVersionId, next.id, 'the document has the latest version');
	ok((await Doc.update({ Id: doc, Title: 'Renamed' })).success, 'update() renames');
	is((await Doc.retrieve(doc)).Title, 'Renamed', 'a query finds what update() has renamed');
	is(await codeOf(Version.update({ Id: next.id, VersionData: base64('third') })), 'INVALID_STATUS',
		'update() of the bytes of a version is refused');
	is(await codeOf(Version.create({ Title: 'No bytes' })), 'REQUIRED_FIELD_MISSING',
		'create() of a file without a path and bytes is refused');
	is(await codeOf(Doc.create({ Title: 'No' })), 'INVALID_TYPE_FOR_OPERATION',
		'create() of a document without a version is refused');

	const accounts = await conn.sobject('Account').create([{ Name: 'One', Phone: '1' }, { Name: 'Two' },
		{ Nothing: 'x' }]);
	is(accounts.map((a) => (a.success ? 'good' : a.errors[0].statusCode || a.errors[0].errorCode)).join(),
		'good,good,INVALID_FIELD', 'create() of many answers for each');
	const [one, two] = accounts.map((a) => a.id);
	is((await conn.sobject('Account').retrieve([two, one, '001000000000000AAA'])).map((a) => a && a.Name).join(),
		'Two,One,', 'retrieve() brings many');
	ok((await conn.sobject('Account').update([{ Id: one, Name: 'Uno' },
		{ Id: two, Website: 'http://two.example.com' }])).every((a) => a.success), 'update() changes many');
	const both = await conn.query(
		`SELECT Name, Phone, Website FROM Account WHERE Id IN ('${one}', '${two}') ORDER BY Name`);
	is(both.records.map((a) => `${a.Name} ${a.Phone} ${a.Website}`).join(),
		'Two null http://two.example.com,Uno 1 null', 'a query finds what update() of many has changed');
	const link = await Link.create({ ContentDocumentId: doc, LinkedEntityId: one, ShareType: 'V' });
	is(await codeOf(Link.create({ ContentDocumentId: doc, LinkedEntityId: one })), 'DUPLICATE_VALUE',
		'a second link to the same record is refused');
	is((await Link.find({ LinkedEntityId: one }, ['ContentDocumentId'])).length, 1, 'a document is linked');
	await Link.destroy(link.id);
	is((await Link.find({ LinkedEntityId: one }, ['ContentDocumentId'])).length, 0, 'a document is unlinked');
	ok((await conn.sobject('Account').destroy([one, two])).every((a) => a.success), 'destroy() deletes many');
	await Doc.destroy(doc);
	is(await codeOf(Doc.destroy(doc)), 'ENTITY_IS_DELETED', 'a second destroy() is refused');
	is((await conn.query(`SELECT IsDeleted FROM ContentDocument WHERE Id = '${doc}'`,
		{ scanAll: true })).records[0].IsDeleted, true, 'queryAll finds a deleted document');
}

// A request to the control interface of the org.
async function org(what, params) {
	await fetch(`${loginUrl}/_org/${what}`, { method: 'POST', body: new URLSearchParams(params) });
}

async function web() {
	await org('set', { 'auto-approve': 1, rotate: 1, 'require-pkce': 1 });
	const app = (useVerifier) => new jsforce.Connection({
		oauth2: { loginUrl, clientId, clientSecret, redirectUri: 'http://localhost:1717/OauthRedirect',
			useVerifier }, loginUrl, version: '62.0',
	});
	const browse = (c) => fetch(c.oauth2.getAuthorizationUrl({ scope: 'api refresh_token', state: 'here' }),
		{ redirect: 'manual' });
	const codeFor = async (c) => new URL((await browse(c)).headers.get('location')).searchParams.get('code');
	const conn = app(true);
	ok((await (await browse(app(false))).text()).includes('missing required code challenge'),
		'an app that requires PKCE gets no code without it');
	is(await codeOf(app(true).authorize(await codeFor(conn))), 'invalid_grant',
		'a code is refused with another verifier');
	const back = new URL((await browse(conn)).headers.get('location'));
	is(back.searchParams.get('state'), 'here', 'the browser is sent back to the app');
	const user = await conn.authorize(back.searchParams.get('code'));
	ok(/^005.{15}$/.test(user.id) && conn.refreshToken, 'a code with its verifier logs in');
	const first = conn.refreshToken;
	let renewed;
	conn.on('refresh', (token, answer) => { renewed = answer.refresh_token; });
	await org('expire-tokens', {});
	is((await conn.query('SELECT Id FROM Organization')).totalSize, 1,
		'an access token that has expired is renewed');
	ok(renewed && renewed !== first, 'a rotated refresh token is kept');
	await org('set', { 'auto-approve': 0, rotate: 0, 'require-pkce': 0 });
}

(async () => {
	const conn = await login();
	const version = await queries(conn);
	await records(conn, version);
	await objects(conn);
	await errors(conn);
	await writes(conn);
	await more(conn);
	await tokens(conn);
	await soap();
	await web();
})().catch((e) => ok(false, e.stack.replace(/\n/g, '\n# '))).finally(() => {
	console.log(`1..${run}`);
	process.exitCode = failed ? 1 : 0;
});
