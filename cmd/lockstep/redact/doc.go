// Package redact keeps secrets out of the log.
//
// [New] wraps the core that all entries go through, so that nobody who logs has to think of it: passwords in URLs,
// Authorization headers and tokens, the data of Secrets and last-applied annotations become ***, in messages, in errors and
// in every type of field. It rather hides too much. What is longer than [Longest] is cut.
package redact
