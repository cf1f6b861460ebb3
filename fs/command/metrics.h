/*
 * metrics - the state of all mounts as OpenMetrics text: sffs status --metrics.
 *
 * The text is also what Prometheus called its format before (0.0.4), which node_exporter's textfile
 * collector reads; so there are gauges and counters only. A new metric is a row, and a member of
 * status.json. Single thread.
 */
#pragma once

struct buf;
struct mounts;

void	metrics_put(const struct mounts *, struct buf *out);
