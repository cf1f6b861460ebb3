// A second client of an org: an unmodified jsforce makes the named changes, one after another.
//
//	node second-client.js PATH-OF-JSFORCE LOGIN-URL CLIENT-ID CLIENT-SECRET CHANGE
//
// CHANGE names a function below, which finds documents, folders and records by their names.
'use strict';

const path = require('path');
const [, , where, loginUrl, clientId, clientSecret, change] = process.argv;
const jsforce = require(path.resolve(where));

let conn;
const one = async (object, field, value) => (await conn.sobject(object).findOne({ [field]: value }, ['Id'])).Id;
const base64 = (text) => Buffer.from(text).toString('base64');
const member = async (title) =>
	one('ContentFolderMember', 'ChildRecordId', await one('ContentDocument', 'Title', title));

const changes = {
	async upload() {
		const made = await conn.sobject('ContentVersion').create({ Title: 'Uploaded',
			PathOnClient: 'Uploaded.csv', VersionData: base64('a,b\n1,2\n') });
		const version = await conn.sobject('ContentVersion').retrieve(made.id);
		await conn.sobject('ContentDocumentLink').create({
			ContentDocumentId: version.ContentDocumentId,
				LinkedEntityId: await one('Account', 'Name', 'Acme Corp'), ShareType: 'V' });
	},
	async revise() {
		await conn.sobject('ContentVersion').create({
			ContentDocumentId: await one('ContentDocument', 'Title', 'Uploaded'),
			PathOnClient: 'Uploaded.csv', VersionData: base64('a,b\n3,4\n'), ReasonForChange: 'better' });
		await conn.sobject('ContentDocument').update({ Id: await one('ContentDocument', 'Title', 'Plan'),
			Title: 'Big Plan' });
	},
	async folder() {
		const folder = await conn.sobject('ContentFolder').create({ Name: '2027',
			ParentContentFolderId: await one('ContentFolder', 'Name', 'Sales') });
		await conn.sobject('ContentFolderMember').update({ Id: await member('Big Plan'),
			ParentContentFolderId: folder.id });
	},
	async unlink() {
		const links = await conn.sobject('ContentDocumentLink').find(
			{ LinkedEntityId: await one('Account', 'Name', 'Acme Corp') }, ['Id']);
		for (const link of links)
			await conn.sobject('ContentDocumentLink').destroy(link.Id);
		await conn.sobject('ContentFolder').update({ Id: await one('ContentFolder', 'Name', '2027'),
			Name: 'Later' });
		await conn.sobject('ContentDocument').destroy(await one('ContentDocument', 'Title', 'Gone'));
	},
};

(async () => {
	conn = new jsforce.Connection({ oauth2: { loginUrl, clientId, clientSecret }, loginUrl, version: '62.0' });
	await conn.authorize({ grant_type: 'client_credentials' });
	await changes[change]();
})().catch((e) => {
	console.error(e.stack);
	process.exitCode = 1;
});
