/*
 * sample - records that an org has beside its documents: a few attachments and legacy documents,
 * event logs, and as many accounts and their like as one asks for.
 *
 * Before any request; single thread.
 */
#ifndef ORG_SAMPLE_H
#define ORG_SAMPLE_H

#include <stdint.h>

struct data;

int	sample_old_files(struct data *);		/* three attachments, one document */
int	sample_logs(struct data *, int64_t now);	/* of the two days before now */
/* Of each of Account, Contact, Opportunity, Case, Lead and Invoice__c. */
int	sample_records(struct data *, uint32_t count, int64_t now);

#endif
