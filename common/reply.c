/* SPDX-License-Identifier: MIT */
/* reply: writes the answer to a job, its members in the one order that consumers and scripts rely on. */
#include "bellhop/bug.h"
#include "bellhop/json_out.h"
#include "bellhop/wire.h"

const char *reply_status_name(enum reply_status status)
{
	static const char *const names[] = {
		[REPLY_SUCCEEDED] = "succeeded",
		[REPLY_FAILED] = "failed",
		[REPLY_PENDING] = "confirmation_pending",
		[REPLY_DECLINED] = "declined",
	};

	BUG_ON((size_t)status >= ARRAY_SIZE(names));
	return names[status];
}

static void add_text(struct buf *out, const char *name, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	buf_add_string(out, name);
	json_out_string(out, span_of(text));
}

static void add_json(struct buf *out, const char *name, struct span json)
{
	if (json.len == 0)
		return;
	buf_add_string(out, name);
	buf_add(out, json.data, json.len);
}

static void add_number(struct buf *out, const char *name, int64_t number)
{
	buf_add_string(out, name);
	buf_add_signed(out, number);
}

static void add_error(struct buf *out, const struct reply *reply)
{
	const struct error *error = reply->error;

	BUG_ON(error == NULL || error->code == ERROR_NONE);
	buf_add_string(out, ",\"error\":{\"code\":\"");
	buf_add_string(out, error_info(error->code)->name);
	buf_add_string(out, "\",\"message\":");
	json_out_string(out, span_of(error->text));
	buf_add_string(out, reply->retryable ? ",\"retryable\":true" : ",\"retryable\":false");
	if (reply->retry_after_ms >= 0)
		add_number(out, ",\"retry_after_ms\":", reply->retry_after_ms);
	add_json(out, ",\"details\":", reply->details);
	buf_add_char(out, '}');
}

static void add_http(struct buf *out, const struct reply *reply)
{
	if (reply->attempts == 0)
		return;
	buf_add_string(out, ",\"http\":{");
	if (reply->http_status != 0) {
		add_number(out, "\"status\":", reply->http_status);
		buf_add_char(out, ',');
	}
	add_number(out, "\"attempts\":", reply->attempts);
	add_number(out, ",\"duration_ms\":", reply->duration_ms);
	buf_add_char(out, '}');
}

void reply_write(const struct reply *reply, struct buf *out)
{
	buf_add_string(out, "{\"v\":1,\"status\":\"");
	buf_add_string(out, reply_status_name(reply->status));
	buf_add_string(out, "\",\"sent\":\"");
	buf_add_string(out, sent_name(reply->sent));
	buf_add_string(out, "\",\"digest\":");
	json_out_string(out, span_of(reply->digest != NULL ? reply->digest : ""));
	add_text(out, ",\"id\":", reply->id);
	add_text(out, ",\"org\":", reply->org);
	add_text(out, ",\"integration\":", reply->integration);
	add_text(out, ",\"action\":", reply->action);
	add_text(out, ",\"confirms\":", reply->confirms);
	if (reply->status == REPLY_SUCCEEDED)
		add_json(out, ",\"output\":", reply->output);
	else if (reply->status == REPLY_PENDING)
		add_json(out, ",\"confirmation\":", reply->confirmation);
	else if (reply->status == REPLY_FAILED)
		add_error(out, reply);
	add_http(out, reply);
	if (reply->definition_version != 0)
		add_number(out, ",\"definition_version\":", reply->definition_version);
	add_json(out, ",\"traceparent\":", reply->traceparent);
	add_json(out, ",\"meta\":", reply->meta);
	buf_add_char(out, '}');
}
