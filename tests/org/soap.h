/*
 * soap - login() of the SOAP API, for clients that know no OAuth.
 *
 * Nothing else of SOAP. A session that it gives is an access token. Any thread.
 */
#ifndef ORG_SOAP_H
#define ORG_SOAP_H

struct org;
struct request;
struct reply;

#define SOAP_PATH	"/services/Soap/"	/* u/62.0 or c/62.0 follow */

void	soap_serve(struct org *, const struct request *, struct reply *);

#endif
