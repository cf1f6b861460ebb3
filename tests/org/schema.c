#include <limits.h>
#include <string.h>
#include <strings.h>

#include "tests/org/schema.h"

enum {
	N = FIELD_NILLABLE,
	C = FIELD_CREATEABLE,
	U = FIELD_UPDATEABLE,
	NF = FIELD_NO_FILTER | FIELD_NO_SORT,
	NS = FIELD_NO_SORT,
	NAME = FIELD_NAME,
	EXT = FIELD_EXTERNAL,
};

/* The audit fields of every record that a user may change. */
#define AUDIT                                                                                      \
	{ "CreatedDate", FIELD_DATETIME, 0, 0, MEANS_CREATED, NULL, NULL, 0 },                     \
	    { "CreatedById", FIELD_REFERENCE, 18, 0, MEANS_CREATED_BY, "CreatedBy", "User", 0 },   \
	    { "LastModifiedDate", FIELD_DATETIME, 0, 0, MEANS_MODIFIED, NULL, NULL, 0 },           \
	    { "LastModifiedById", FIELD_REFERENCE, 18, 0, MEANS_MODIFIED_BY, "LastModifiedBy",     \
		    "User", 0 },                                                                   \
	{                                                                                          \
		"SystemModstamp", FIELD_DATETIME, 0, 0, MEANS_MODSTAMP, NULL, NULL, 0              \
	}

static const struct field document_fields[] = {
	{ "Id", FIELD_ID, 18, 0, MEANS_ID, NULL, NULL, 0 },
	AUDIT,
	{ "IsArchived", FIELD_BOOLEAN, 0, U, MEANS_ARCHIVED, NULL, NULL, 0 },
	{ "ArchivedById", FIELD_REFERENCE, 18, N, MEANS_ARCHIVED_BY, NULL, "User", 0 },
	{ "ArchivedDate", FIELD_DATETIME, 0, N, MEANS_ARCHIVED_DATE, NULL, NULL, 0 },
	{ "IsDeleted", FIELD_BOOLEAN, 0, 0, MEANS_DELETED, NULL, NULL, 0 },
	{ "OwnerId", FIELD_REFERENCE, 18, U, MEANS_OWNER, "Owner", "User", 0 },
	{ "Title", FIELD_STRING, 255, U | NAME, MEANS_TITLE, NULL, NULL, 0 },
	{ "PublishStatus", FIELD_PICKLIST, 40, 0, MEANS_PUBLISH_STATUS, NULL, NULL, 0 },
	{ "LatestPublishedVersionId", FIELD_REFERENCE, 18, N, MEANS_LATEST_VERSION,
	    "LatestPublishedVersion", "ContentVersion", 0 },
	{ "ParentId", FIELD_REFERENCE, 18, N | U, MEANS_LIBRARY, NULL, "ContentWorkspace", 0 },
	{ "LastViewedDate", FIELD_DATETIME, 0, N, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "LastReferencedDate", FIELD_DATETIME, 0, N, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "Description", FIELD_TEXTAREA, 1000, N | U | NS, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "ContentSize", FIELD_INT, 0, N, MEANS_SIZE, NULL, NULL, 0 },
	{ "ContentSizeLong", FIELD_LONG, 0, N, MEANS_SIZE, NULL, NULL, 66 },
	{ "FileType", FIELD_STRING, 20, N, MEANS_FILE_TYPE, NULL, NULL, 0 },
	{ "FileExtension", FIELD_STRING, 40, N, MEANS_EXTENSION, NULL, NULL, 0 },
	{ "SharingOption", FIELD_PICKLIST, 40, N | U, MEANS_SHARING_OPTION, NULL, NULL, 0 },
	{ "SharingPrivacy", FIELD_PICKLIST, 40, U, MEANS_SHARING_PRIVACY, NULL, NULL, 0 },
	{ "ContentModifiedDate", FIELD_DATETIME, 0, N, MEANS_CONTENT_MODIFIED, NULL, NULL, 0 },
	{ "ContentAssetId", FIELD_REFERENCE, 18, N | U, MEANS_DEFAULT, NULL, "ContentAsset", 0 },
	{ "Division", FIELD_PICKLIST, 40, N, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "IsInternalOnly", FIELD_BOOLEAN, 0, U, MEANS_DEFAULT, NULL, NULL, 62 },
	{ "MalwareScanStatus", FIELD_PICKLIST, 40, N, MEANS_DEFAULT, NULL, NULL, 66 },
	{ "MalwareScanDate", FIELD_DATETIME, 0, N, MEANS_DEFAULT, NULL, NULL, 66 },
};

static const struct field version_fields[] = {
	{ "Id", FIELD_ID, 18, 0, MEANS_ID, NULL, NULL, 0 },
	{ "ContentDocumentId", FIELD_REFERENCE, 18, C, MEANS_DOCUMENT, "ContentDocument",
	    "ContentDocument", 0 },
	{ "IsLatest", FIELD_BOOLEAN, 0, 0, MEANS_IS_LATEST, NULL, NULL, 0 },
	{ "ContentUrl", FIELD_URL, 1300, N | C | U, MEANS_URL, NULL, NULL, 0 },
	{ "ContentBodyId", FIELD_REFERENCE, 18, N | C, MEANS_BODY, NULL, "ContentBody", 40 },
	{ "VersionNumber", FIELD_STRING, 20, N, MEANS_NUMBER, NULL, NULL, 0 },
	{ "Title", FIELD_STRING, 255, C | U | NAME, MEANS_TITLE, NULL, NULL, 0 },
	{ "Description", FIELD_TEXTAREA, 1000, N | C | U | NS, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "ReasonForChange", FIELD_STRING, 1000, N | C | U, MEANS_REASON, NULL, NULL, 0 },
	{ "SharingOption", FIELD_PICKLIST, 40, C | U, MEANS_SHARING_OPTION, NULL, NULL, 0 },
	{ "SharingPrivacy", FIELD_PICKLIST, 40, C | U, MEANS_SHARING_PRIVACY, NULL, NULL, 0 },
	{ "PathOnClient", FIELD_STRING, 500, N | C, MEANS_PATH_ON_CLIENT, NULL, NULL, 0 },
	{ "ContentModifiedDate", FIELD_DATETIME, 0, N | C, MEANS_CONTENT_MODIFIED, NULL, NULL, 0 },
	{ "ContentModifiedById", FIELD_REFERENCE, 18, N, MEANS_MODIFIED_BY, NULL, "User", 0 },
	{ "OwnerId", FIELD_REFERENCE, 18, C | U, MEANS_OWNER, "Owner", "User", 0 },
	{ "IsDeleted", FIELD_BOOLEAN, 0, 0, MEANS_DELETED, NULL, NULL, 0 },
	AUDIT,
	{ "TagCsv", FIELD_TEXTAREA, 2000, N | C | U | NF, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "FileType", FIELD_STRING, 20, 0, MEANS_FILE_TYPE, NULL, NULL, 0 },
	{ "PublishStatus", FIELD_PICKLIST, 40, 0, MEANS_PUBLISH_STATUS, NULL, NULL, 0 },
	{ "VersionData", FIELD_BASE64, 0, N | C | U | NF, MEANS_BYTES, NULL, NULL, 0 },
	{ "VersionDataUrl", FIELD_STRING, 255, N | NF, MEANS_DEFAULT, NULL, NULL, 55 },
	{ "ContentSize", FIELD_INT, 0, N, MEANS_SIZE, NULL, NULL, 0 },
	{ "ContentSizeLong", FIELD_LONG, 0, N, MEANS_SIZE, NULL, NULL, 66 },
	{ "FileExtension", FIELD_STRING, 40, N, MEANS_EXTENSION, NULL, NULL, 0 },
	{ "FirstPublishLocationId", FIELD_REFERENCE, 18, N | C, MEANS_OWNER, NULL, "Name", 0 },
	{ "Origin", FIELD_PICKLIST, 40, C, MEANS_ORIGIN, NULL, NULL, 0 },
	{ "ContentLocation", FIELD_PICKLIST, 40, C, MEANS_LOCATION, NULL, NULL, 0 },
	{ "Language", FIELD_PICKLIST, 40, N | C | U, MEANS_LANGUAGE, NULL, NULL, 0 },
	{ "NetworkId", FIELD_REFERENCE, 18, N | C, MEANS_DEFAULT, NULL, "Network", 0 },
	{ "RecordTypeId", FIELD_REFERENCE, 18, N | C | U, MEANS_DEFAULT, NULL, "RecordType", 0 },
	{ "TextPreview", FIELD_STRING, 255, N, MEANS_DEFAULT, NULL, NULL, 35 },
	{ "ExternalDocumentInfo1", FIELD_STRING, 1000, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "ExternalDocumentInfo2", FIELD_STRING, 1000, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "ExternalDataSourceId", FIELD_REFERENCE, 18, N | C | U, MEANS_DEFAULT, NULL,
	    "ExternalDataSource", 0 },
	{ "Checksum", FIELD_STRING, 50, N, MEANS_CHECKSUM, NULL, NULL, 0 },
	{ "IsMajorVersion", FIELD_BOOLEAN, 0, C, MEANS_TRUE, NULL, NULL, 0 },
	{ "FeaturedContentBoost", FIELD_INT, 0, N, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "FeaturedContentDate", FIELD_DATE, 0, N, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "NegativeRatingCount", FIELD_INT, 0, N, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "IsAssetEnabled", FIELD_BOOLEAN, 0, C, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "File_Type__c", FIELD_STRING, 80, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
};

static const struct field link_fields[] = {
	{ "Id", FIELD_ID, 18, 0, MEANS_ID, NULL, NULL, 0 },
	{ "LinkedEntityId", FIELD_REFERENCE, 18, C, MEANS_LINKED, "LinkedEntity", "Name", 0 },
	{ "ContentDocumentId", FIELD_REFERENCE, 18, C, MEANS_DOCUMENT, "ContentDocument",
	    "ContentDocument", 0 },
	{ "IsDeleted", FIELD_BOOLEAN, 0, 0, MEANS_DELETED, NULL, NULL, 0 },
	{ "SystemModstamp", FIELD_DATETIME, 0, 0, MEANS_MODSTAMP, NULL, NULL, 0 },
	{ "ShareType", FIELD_PICKLIST, 40, N | C | U, MEANS_SHARE_TYPE, NULL, NULL, 0 },
	{ "Visibility", FIELD_PICKLIST, 40, N | C | U, MEANS_VISIBILITY, NULL, NULL, 0 },
};

static const struct field library_fields[] = {
	{ "Id", FIELD_ID, 18, 0, MEANS_ID, NULL, NULL, 0 },
	{ "Name", FIELD_STRING, 255, C | U | NAME, MEANS_NAME, NULL, NULL, 0 },
	{ "Description", FIELD_TEXTAREA, 1000, N | C | U | NS, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "DeveloperName", FIELD_STRING, 255, N | C | U, MEANS_DEVELOPER_NAME, NULL, NULL, 0 },
	{ "RootContentFolderId", FIELD_REFERENCE, 18, N, MEANS_FOLDER, "RootContentFolder",
	    "ContentFolder", 0 },
	{ "WorkspaceType", FIELD_PICKLIST, 40, N, MEANS_WORKSPACE_TYPE, NULL, NULL, 0 },
	{ "DefaultRecordTypeId", FIELD_REFERENCE, 18, N | C | U, MEANS_DEFAULT, NULL, "RecordType",
	    0 },
	AUDIT,
};

static const struct field library_document_fields[] = {
	{ "Id", FIELD_ID, 18, 0, MEANS_ID, NULL, NULL, 0 },
	{ "ContentDocumentId", FIELD_REFERENCE, 18, C, MEANS_DOCUMENT, "ContentDocument",
	    "ContentDocument", 0 },
	{ "ContentWorkspaceId", FIELD_REFERENCE, 18, C, MEANS_LIBRARY, "ContentWorkspace",
	    "ContentWorkspace", 0 },
	{ "IsOwner", FIELD_BOOLEAN, 0, 0, MEANS_IS_OWNER, NULL, NULL, 0 },
	{ "SystemModstamp", FIELD_DATETIME, 0, 0, MEANS_MODSTAMP, NULL, NULL, 0 },
	{ "IsDeleted", FIELD_BOOLEAN, 0, 0, MEANS_DELETED, NULL, NULL, 0 },
};

static const struct field folder_fields[] = {
	{ "Id", FIELD_ID, 18, 0, MEANS_ID, NULL, NULL, 0 },
	{ "Name", FIELD_STRING, 255, C | U | NAME, MEANS_NAME, NULL, NULL, 0 },
	{ "ParentContentFolderId", FIELD_REFERENCE, 18, N | C | U, MEANS_PARENT_FOLDER,
	    "ParentContentFolder", "ContentFolder", 0 },
	AUDIT,
	{ "IsDeleted", FIELD_BOOLEAN, 0, 0, MEANS_DELETED, NULL, NULL, 0 },
};

static const struct field folder_item_fields[] = {
	{ "Id", FIELD_ID, 18, 0, MEANS_ID, NULL, NULL, 0 },
	{ "Title", FIELD_STRING, 255, N | NAME, MEANS_TITLE, NULL, NULL, 0 },
	{ "IsFolder", FIELD_BOOLEAN, 0, 0, MEANS_IS_FOLDER, NULL, NULL, 0 },
	{ "FileExtension", FIELD_STRING, 40, N, MEANS_EXTENSION, NULL, NULL, 0 },
	{ "FileType", FIELD_STRING, 20, N, MEANS_FILE_TYPE, NULL, NULL, 0 },
	{ "ContentSize", FIELD_INT, 0, N, MEANS_SIZE, NULL, NULL, 0 },
	{ "ParentContentFolderId", FIELD_REFERENCE, 18, N, MEANS_PARENT_FOLDER,
	    "ParentContentFolder", "ContentFolder", 0 },
	{ "CreatedDate", FIELD_DATETIME, 0, 0, MEANS_CREATED, NULL, NULL, 0 },
	{ "LastModifiedDate", FIELD_DATETIME, 0, 0, MEANS_MODIFIED, NULL, NULL, 0 },
};

static const struct field folder_member_fields[] = {
	{ "Id", FIELD_ID, 18, 0, MEANS_ID, NULL, NULL, 0 },
	{ "ParentContentFolderId", FIELD_REFERENCE, 18, U, MEANS_PARENT_FOLDER,
	    "ParentContentFolder", "ContentFolder", 0 },
	{ "ChildRecordId", FIELD_REFERENCE, 18, 0, MEANS_DOCUMENT, "ChildRecord", "ContentDocument",
	    0 },
	AUDIT,
	{ "IsDeleted", FIELD_BOOLEAN, 0, 0, MEANS_DELETED, NULL, NULL, 0 },
};

static const struct field user_fields[] = {
	{ "Id", FIELD_ID, 18, 0, MEANS_ID, NULL, NULL, 0 },
	{ "Username", FIELD_STRING, 80, 0, MEANS_USERNAME, NULL, NULL, 0 },
	{ "LastName", FIELD_STRING, 80, 0, MEANS_LAST_NAME, NULL, NULL, 0 },
	{ "FirstName", FIELD_STRING, 40, N, MEANS_FIRST_NAME, NULL, NULL, 0 },
	{ "Name", FIELD_STRING, 121, NAME, MEANS_NAME, NULL, NULL, 0 },
	{ "Email", FIELD_EMAIL, 128, 0, MEANS_EMAIL, NULL, NULL, 0 },
	{ "Alias", FIELD_STRING, 8, 0, MEANS_ALIAS, NULL, NULL, 0 },
	{ "IsActive", FIELD_BOOLEAN, 0, 0, MEANS_TRUE, NULL, NULL, 0 },
	{ "UserType", FIELD_PICKLIST, 40, N, MEANS_USER_TYPE, NULL, NULL, 0 },
	{ "TimeZoneSidKey", FIELD_PICKLIST, 40, 0, MEANS_TIME_ZONE, NULL, NULL, 0 },
	{ "LocaleSidKey", FIELD_PICKLIST, 40, 0, MEANS_LOCALE, NULL, NULL, 0 },
	{ "LanguageLocaleKey", FIELD_PICKLIST, 40, 0, MEANS_LANGUAGE, NULL, NULL, 0 },
	{ "ProfileId", FIELD_REFERENCE, 18, N, MEANS_DEFAULT, NULL, "Profile", 0 },
	{ "AboutMe", FIELD_TEXTAREA, 1000, N | NS, MEANS_DEFAULT, NULL, NULL, 0 },
	AUDIT,
};

static const struct field organization_fields[] = {
	{ "Id", FIELD_ID, 18, 0, MEANS_ID, NULL, NULL, 0 },
	{ "Name", FIELD_STRING, 80, NAME, MEANS_NAME, NULL, NULL, 0 },
	{ "OrganizationType", FIELD_PICKLIST, 40, N, MEANS_ORGANIZATION_TYPE, NULL, NULL, 0 },
	{ "InstanceName", FIELD_STRING, 5, N, MEANS_INSTANCE, NULL, NULL, 0 },
	{ "IsSandbox", FIELD_BOOLEAN, 0, 0, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "NamespacePrefix", FIELD_STRING, 15, N, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "TrialExpirationDate", FIELD_DATETIME, 0, N, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "LanguageLocaleKey", FIELD_PICKLIST, 40, 0, MEANS_LANGUAGE, NULL, NULL, 0 },
	{ "TimeZoneSidKey", FIELD_PICKLIST, 40, 0, MEANS_TIME_ZONE, NULL, NULL, 0 },
	{ "DefaultLocaleSidKey", FIELD_PICKLIST, 40, 0, MEANS_LOCALE, NULL, NULL, 0 },
	AUDIT,
};

static const struct field account_fields[] = {
	{ "Id", FIELD_ID, 18, 0, MEANS_ID, NULL, NULL, 0 },
	{ "IsDeleted", FIELD_BOOLEAN, 0, 0, MEANS_DELETED, NULL, NULL, 0 },
	{ "Name", FIELD_STRING, 255, C | U | NAME, MEANS_NAME, NULL, NULL, 0 },
	{ "Type", FIELD_PICKLIST, 255, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "Industry", FIELD_PICKLIST, 255, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "Phone", FIELD_PHONE, 40, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "Website", FIELD_URL, 255, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "AnnualRevenue", FIELD_DOUBLE, 0, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "NumberOfEmployees", FIELD_INT, 0, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "External_Id__c", FIELD_STRING, 40, N | C | U | EXT, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "Description", FIELD_TEXTAREA, 32000, N | C | U | NF, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "OwnerId", FIELD_REFERENCE, 18, C | U, MEANS_OWNER, "Owner", "User", 0 },
	AUDIT,
};

static const struct field contact_fields[] = {
	{ "Id", FIELD_ID, 18, 0, MEANS_ID, NULL, NULL, 0 },
	{ "IsDeleted", FIELD_BOOLEAN, 0, 0, MEANS_DELETED, NULL, NULL, 0 },
	{ "AccountId", FIELD_REFERENCE, 18, N | C | U, MEANS_ACCOUNT, "Account", "Account", 0 },
	{ "LastName", FIELD_STRING, 80, C | U, MEANS_LAST_NAME, NULL, NULL, 0 },
	{ "FirstName", FIELD_STRING, 40, N | C | U, MEANS_FIRST_NAME, NULL, NULL, 0 },
	{ "Name", FIELD_STRING, 121, NAME, MEANS_NAME, NULL, NULL, 0 },
	{ "Title", FIELD_STRING, 128, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "External_Id__c", FIELD_STRING, 40, N | C | U | EXT, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "Email", FIELD_EMAIL, 80, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "Phone", FIELD_PHONE, 40, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "Description", FIELD_TEXTAREA, 32000, N | C | U | NF, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "OwnerId", FIELD_REFERENCE, 18, C | U, MEANS_OWNER, "Owner", "User", 0 },
	AUDIT,
};

static const struct field opportunity_fields[] = {
	{ "Id", FIELD_ID, 18, 0, MEANS_ID, NULL, NULL, 0 },
	{ "IsDeleted", FIELD_BOOLEAN, 0, 0, MEANS_DELETED, NULL, NULL, 0 },
	{ "AccountId", FIELD_REFERENCE, 18, N | C | U, MEANS_ACCOUNT, "Account", "Account", 0 },
	{ "Name", FIELD_STRING, 120, C | U | NAME, MEANS_NAME, NULL, NULL, 0 },
	{ "StageName", FIELD_PICKLIST, 255, C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "CloseDate", FIELD_DATE, 0, C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "Amount", FIELD_DOUBLE, 0, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "Description", FIELD_TEXTAREA, 32000, N | C | U | NF, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "OwnerId", FIELD_REFERENCE, 18, C | U, MEANS_OWNER, "Owner", "User", 0 },
	AUDIT,
};

static const struct field case_fields[] = {
	{ "Id", FIELD_ID, 18, 0, MEANS_ID, NULL, NULL, 0 },
	{ "IsDeleted", FIELD_BOOLEAN, 0, 0, MEANS_DELETED, NULL, NULL, 0 },
	{ "CaseNumber", FIELD_STRING, 30, NAME, MEANS_NAME, NULL, NULL, 0 },
	{ "AccountId", FIELD_REFERENCE, 18, N | C | U, MEANS_ACCOUNT, "Account", "Account", 0 },
	{ "Subject", FIELD_STRING, 255, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "Status", FIELD_PICKLIST, 255, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "Origin", FIELD_PICKLIST, 255, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "Priority", FIELD_PICKLIST, 255, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "Description", FIELD_TEXTAREA, 32000, N | C | U | NF, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "OwnerId", FIELD_REFERENCE, 18, C | U, MEANS_OWNER, "Owner", "Name", 0 },
	AUDIT,
};

static const struct field lead_fields[] = {
	{ "Id", FIELD_ID, 18, 0, MEANS_ID, NULL, NULL, 0 },
	{ "IsDeleted", FIELD_BOOLEAN, 0, 0, MEANS_DELETED, NULL, NULL, 0 },
	{ "LastName", FIELD_STRING, 80, C | U, MEANS_LAST_NAME, NULL, NULL, 0 },
	{ "FirstName", FIELD_STRING, 40, N | C | U, MEANS_FIRST_NAME, NULL, NULL, 0 },
	{ "Name", FIELD_STRING, 121, NAME, MEANS_NAME, NULL, NULL, 0 },
	{ "Company", FIELD_STRING, 255, C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "Email", FIELD_EMAIL, 80, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "Status", FIELD_PICKLIST, 255, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "OwnerId", FIELD_REFERENCE, 18, C | U, MEANS_OWNER, "Owner", "Name", 0 },
	AUDIT,
};

static const struct field invoice_fields[] = {
	{ "Id", FIELD_ID, 18, 0, MEANS_ID, NULL, NULL, 0 },
	{ "IsDeleted", FIELD_BOOLEAN, 0, 0, MEANS_DELETED, NULL, NULL, 0 },
	{ "Name", FIELD_STRING, 80, C | U | NAME, MEANS_NAME, NULL, NULL, 0 },
	{ "Account__c", FIELD_REFERENCE, 18, N | C | U, MEANS_ACCOUNT, "Account__r", "Account", 0 },
	{ "Amount__c", FIELD_DOUBLE, 0, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "Due__c", FIELD_DATE, 0, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "External_Id__c", FIELD_STRING, 40, N | C | U | EXT, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "OwnerId", FIELD_REFERENCE, 18, C | U, MEANS_OWNER, "Owner", "Name", 0 },
	AUDIT,
};

/* Files from the time before ContentDocument, and logs. */
static const struct field attachment_fields[] = {
	{ "Id", FIELD_ID, 18, 0, MEANS_ID, NULL, NULL, 0 },
	{ "IsDeleted", FIELD_BOOLEAN, 0, 0, MEANS_DELETED, NULL, NULL, 0 },
	{ "ParentId", FIELD_REFERENCE, 18, C, MEANS_ABOVE, "Parent", "Name", 0 },
	{ "Name", FIELD_STRING, 255, C | U | NAME, MEANS_NAME, NULL, NULL, 0 },
	{ "IsPrivate", FIELD_BOOLEAN, 0, C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "ContentType", FIELD_STRING, 120, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "BodyLength", FIELD_INT, 0, N, MEANS_SIZE, NULL, NULL, 0 },
	{ "Body", FIELD_BASE64, 0, C | U | NF, MEANS_BYTES, NULL, NULL, 0 },
	{ "OwnerId", FIELD_REFERENCE, 18, C | U, MEANS_OWNER, "Owner", "Name", 0 },
	{ "Description", FIELD_TEXTAREA, 500, N | C | U | NS, MEANS_DEFAULT, NULL, NULL, 0 },
	AUDIT,
};

static const struct field legacy_document_fields[] = {
	{ "Id", FIELD_ID, 18, 0, MEANS_ID, NULL, NULL, 0 },
	{ "FolderId", FIELD_REFERENCE, 18, C | U, MEANS_ABOVE, "Folder", "Name", 0 },
	{ "IsDeleted", FIELD_BOOLEAN, 0, 0, MEANS_DELETED, NULL, NULL, 0 },
	{ "Name", FIELD_STRING, 255, C | U | NAME, MEANS_NAME, NULL, NULL, 0 },
	{ "Type", FIELD_STRING, 40, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "IsPublic", FIELD_BOOLEAN, 0, C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "ContentType", FIELD_STRING, 120, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "BodyLength", FIELD_INT, 0, N, MEANS_SIZE, NULL, NULL, 0 },
	{ "Body", FIELD_BASE64, 0, N | C | U | NF, MEANS_BYTES, NULL, NULL, 0 },
	{ "Url", FIELD_STRING, 255, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "Description", FIELD_TEXTAREA, 255, N | C | U | NS, MEANS_DEFAULT, NULL, NULL, 0 },
	AUDIT,
};

static const struct field event_log_fields[] = {
	{ "Id", FIELD_ID, 18, 0, MEANS_ID, NULL, NULL, 0 },
	{ "IsDeleted", FIELD_BOOLEAN, 0, 0, MEANS_DELETED, NULL, NULL, 0 },
	{ "EventType", FIELD_STRING, 255, NAME, MEANS_NAME, NULL, NULL, 0 },
	{ "LogDate", FIELD_DATETIME, 0, 0, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "LogFileLength", FIELD_DOUBLE, 0, 0, MEANS_SIZE, NULL, NULL, 0 },
	{ "LogFileContentType", FIELD_STRING, 80, N, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "Sequence", FIELD_INT, 0, N, MEANS_DEFAULT, NULL, NULL, 37 },
	{ "Interval", FIELD_PICKLIST, 40, N, MEANS_DEFAULT, NULL, NULL, 37 },
	{ "LogFileFieldNames", FIELD_TEXTAREA, 32000, N | NF, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "LogFileFieldTypes", FIELD_TEXTAREA, 32000, N | NF, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "LogFile", FIELD_BASE64, 0, N | NF, MEANS_BYTES, NULL, NULL, 0 },
	AUDIT,
};

static const struct field email_fields[] = {
	{ "Id", FIELD_ID, 18, 0, MEANS_ID, NULL, NULL, 0 },
	{ "IsDeleted", FIELD_BOOLEAN, 0, 0, MEANS_DELETED, NULL, NULL, 0 },
	{ "ParentId", FIELD_REFERENCE, 18, N | C, MEANS_ABOVE, "Parent", "Case", 0 },
	{ "Subject", FIELD_STRING, 3000, N | C | U | NAME, MEANS_NAME, NULL, NULL, 0 },
	{ "TextBody", FIELD_TEXTAREA, 32000, N | C | U | NF, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "FromAddress", FIELD_EMAIL, 80, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "ToAddress", FIELD_STRING, 4000, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "Incoming", FIELD_BOOLEAN, 0, C, MEANS_DEFAULT, NULL, NULL, 0 },
	{ "MessageDate", FIELD_DATETIME, 0, N | C | U, MEANS_DEFAULT, NULL, NULL, 0 },
	AUDIT,
};

/* The target of a reference to any object. */
static const struct field name_fields[] = {
	{ "Id", FIELD_ID, 18, 0, MEANS_ID, NULL, NULL, 0 },
	{ "Name", FIELD_STRING, 255, N | NAME, MEANS_NAME, NULL, NULL, 0 },
	{ "Type", FIELD_PICKLIST, 40, N, MEANS_TYPE, NULL, NULL, 0 },
	{ "FirstName", FIELD_STRING, 40, N, MEANS_FIRST_NAME, NULL, NULL, 0 },
	{ "LastName", FIELD_STRING, 80, N, MEANS_LAST_NAME, NULL, NULL, 0 },
	{ "Username", FIELD_STRING, 80, N, MEANS_USERNAME, NULL, NULL, 0 },
	{ "Email", FIELD_EMAIL, 128, N, MEANS_EMAIL, NULL, NULL, 0 },
	{ "Alias", FIELD_STRING, 8, N, MEANS_ALIAS, NULL, NULL, 0 },
};

#define FIELDS(table)	table, sizeof(table) / sizeof(table[0])
#define WRITABLE	(OBJECT_CREATEABLE | OBJECT_UPDATEABLE | OBJECT_DELETABLE)

const struct object schema_objects[OBJECTS] = {
	{ OBJECT_DOCUMENT, "ContentDocument", "Content Document", "Content Documents", "069",
	    OBJECT_UPDATEABLE | OBJECT_DELETABLE, FIELDS(document_fields) },
	{ OBJECT_VERSION, "ContentVersion", "Content Version", "Content Versions", "068",
	    OBJECT_CREATEABLE | OBJECT_UPDATEABLE, FIELDS(version_fields) },
	{ OBJECT_LINK, "ContentDocumentLink", "Content Document Link", "Content Document Links",
	    "06A", WRITABLE, FIELDS(link_fields) },
	{ OBJECT_LIBRARY, "ContentWorkspace", "Library", "Libraries", "058",
	    WRITABLE, FIELDS(library_fields) },
	{ OBJECT_LIBRARY_DOCUMENT, "ContentWorkspaceDoc", "Library Document", "Library Documents",
	    "059", OBJECT_CREATEABLE, FIELDS(library_document_fields) },
	{ OBJECT_FOLDER, "ContentFolder", "Content Folder", "Content Folders", "07H",
	    WRITABLE, FIELDS(folder_fields) },
	{ OBJECT_FOLDER_ITEM, "ContentFolderItem", "Content Folder Item", "Content Folder Items",
	    NULL, OBJECT_NO_RETRIEVE, FIELDS(folder_item_fields) },
	{ OBJECT_FOLDER_MEMBER, "ContentFolderMember", "Content Folder Member",
	    "Content Folder Members", "07I", OBJECT_UPDATEABLE, FIELDS(folder_member_fields) },
	{ OBJECT_USER, "User", "User", "Users", "005", 0, FIELDS(user_fields) },
	{ OBJECT_ORGANIZATION, "Organization", "Organization", "Organizations", "00D", 0,
	    FIELDS(organization_fields) },
	{ OBJECT_ACCOUNT, "Account", "Account", "Accounts", "001", WRITABLE | OBJECT_RECORD,
	    FIELDS(account_fields) },
	{ OBJECT_CONTACT, "Contact", "Contact", "Contacts", "003", WRITABLE | OBJECT_RECORD,
	    FIELDS(contact_fields) },
	{ OBJECT_OPPORTUNITY, "Opportunity", "Opportunity", "Opportunities", "006",
	    WRITABLE | OBJECT_RECORD, FIELDS(opportunity_fields) },
	{ OBJECT_CASE, "Case", "Case", "Cases", "500", WRITABLE | OBJECT_RECORD,
	    FIELDS(case_fields) },
	{ OBJECT_LEAD, "Lead", "Lead", "Leads", "00Q", WRITABLE | OBJECT_RECORD,
	    FIELDS(lead_fields) },
	{ OBJECT_INVOICE, "Invoice__c", "Invoice", "Invoices", "a00", WRITABLE | OBJECT_RECORD,
	    FIELDS(invoice_fields) },
	{ OBJECT_ATTACHMENT, "Attachment", "Attachment", "Attachments", "00P", WRITABLE,
	    FIELDS(attachment_fields) },
	{ OBJECT_LEGACY_DOCUMENT, "Document", "Document", "Documents", "015", WRITABLE,
	    FIELDS(legacy_document_fields) },
	{ OBJECT_EVENT_LOG, "EventLogFile", "Event Log File", "Event Log Files", "0AT", 0,
	    FIELDS(event_log_fields) },
	{ OBJECT_EMAIL, "EmailMessage", "Email Message", "Email Messages", "02s",
	    WRITABLE | OBJECT_RECORD, FIELDS(email_fields) },
	{ OBJECT_NAME, "Name", "Name", "Names", NULL, OBJECT_NO_RETRIEVE | OBJECT_HIDDEN,
	    FIELDS(name_fields) },
};

static bool
same(const char *name, const char *s, size_t len)
{
	return name && strlen(name) == len && strncasecmp(name, s, len) == 0;
}

const struct object *
schema_object(const char *name, size_t len)
{
	for (size_t i = 0; i < OBJECTS; i++)
		if (!(schema_objects[i].flags & OBJECT_HIDDEN) &&
		    same(schema_objects[i].name, name, len))
			return &schema_objects[i];
	return NULL;
}

const struct field *
schema_field(const struct object *object, const char *name, size_t len, unsigned version)
{
	for (size_t i = 0; i < object->count; i++)
		if (same(object->fields[i].name, name, len) && object->fields[i].since <= version)
			return &object->fields[i];
	return NULL;
}

const struct field *
schema_relation(const struct object *object, const char *name, size_t len, unsigned version)
{
	for (size_t i = 0; i < object->count; i++)
		if (same(object->fields[i].relation, name, len) &&
		    object->fields[i].since <= version)
			return &object->fields[i];
	return NULL;
}

const char *
schema_values(const struct field *f)
{
	switch (f->means) {
	case MEANS_LOCATION: return "S;E;L";
	case MEANS_ORIGIN: return "C;H";
	case MEANS_SHARING_OPTION: return "A;R";
	case MEANS_SHARING_PRIVACY: return "N;P";
	case MEANS_SHARE_TYPE: return "V;C;I";
	case MEANS_VISIBILITY: return "AllUsers;InternalUsers;SharedUsers";
	case MEANS_PUBLISH_STATUS: return "P;R;U";
	default: return NULL;
	}
}

const struct field *
schema_blob(const struct object *object)
{
	for (size_t i = 0; i < object->count; i++)
		if (object->fields[i].type == FIELD_BASE64)
			return &object->fields[i];
	return NULL;
}

bool
schema_is_replicated(const struct object *object)
{
	return object->flags & OBJECT_RECORD || object->kind == OBJECT_ATTACHMENT ||
	    object->kind == OBJECT_LEGACY_DOCUMENT || object->kind == OBJECT_FOLDER;
}

bool
schema_groupable(const struct field *f)
{
	return !(f->flags & (FIELD_NO_SORT | FIELD_NO_FILTER)) && f->type != FIELD_DATETIME;
}

static const struct relation {
	enum object_kind child;
	const char *field, *name;
} relations[] = {
	{ OBJECT_VERSION, "ContentDocumentId", "ContentVersions" },
	{ OBJECT_LINK, "ContentDocumentId", "ContentDocumentLinks" },
	{ OBJECT_LINK, "LinkedEntityId", "ContentDocumentLinks" },
	{ OBJECT_CONTACT, "AccountId", "Contacts" },
	{ OBJECT_OPPORTUNITY, "AccountId", "Opportunities" },
	{ OBJECT_CASE, "AccountId", "Cases" },
	{ OBJECT_INVOICE, "Account__c", "Invoices__r" },
	{ OBJECT_ATTACHMENT, "ParentId", "Attachments" },
	{ OBJECT_EMAIL, "ParentId", "EmailMessages" },
};

#define RELATIONS	(sizeof(relations) / sizeof(relations[0]))

/* Whether a relation leads up to this object. */
static const struct field *
leads_to(const struct relation *r, const struct object *parent)
{
	const struct field *f =
	    schema_field(&schema_objects[r->child], r->field, strlen(r->field), UINT_MAX);

	if (strcmp(f->target, "Name") != 0)
		return strcmp(f->target, parent->name) == 0 ? f : NULL;
	return parent->flags & OBJECT_RECORD ? f : NULL;
}

const struct object *
schema_children(const struct object *parent, const char *name, size_t len, const struct field **up)
{
	for (size_t i = 0; i < RELATIONS; i++) {
		const struct field *f = leads_to(&relations[i], parent);

		if (f && same(relations[i].name, name, len)) {
			*up = f;
			return &schema_objects[relations[i].child];
		}
	}
	return NULL;
}

bool
schema_next_children(const struct object *parent, size_t *i, const struct object **child,
    const struct field **up, const char **name)
{
	while (*i < RELATIONS) {
		const struct relation *r = &relations[(*i)++];

		*up = leads_to(r, parent);
		*child = &schema_objects[r->child];
		*name = r->name;
		if (*up)
			return true;
	}
	return false;
}

const char *
schema_children_name(const struct object *parent, const struct object *child,
    const struct field *up)
{
	for (size_t i = 0; i < RELATIONS; i++)
		if (relations[i].child == child->kind && leads_to(&relations[i], parent) == up)
			return relations[i].name;
	return NULL;
}

static const struct {
	const char *name, *soap;
} types[] = {
	[FIELD_ID] = { "id", "tns:ID" },
	[FIELD_REFERENCE] = { "reference", "tns:ID" },
	[FIELD_STRING] = { "string", "xsd:string" },
	[FIELD_TEXTAREA] = { "textarea", "xsd:string" },
	[FIELD_PICKLIST] = { "picklist", "xsd:string" },
	[FIELD_URL] = { "url", "xsd:string" },
	[FIELD_EMAIL] = { "email", "xsd:string" },
	[FIELD_PHONE] = { "phone", "xsd:string" },
	[FIELD_BOOLEAN] = { "boolean", "xsd:boolean" },
	[FIELD_INT] = { "int", "xsd:int" },
	[FIELD_LONG] = { "long", "xsd:long" },
	[FIELD_DOUBLE] = { "double", "xsd:double" },
	[FIELD_DATE] = { "date", "xsd:date" },
	[FIELD_DATETIME] = { "datetime", "xsd:dateTime" },
	[FIELD_BASE64] = { "base64", "xsd:base64Binary" },
};

const char *
schema_type_name(enum field_type type)
{
	return types[type].name;
}

const char *
schema_soap_type(enum field_type type)
{
	return types[type].soap;
}
