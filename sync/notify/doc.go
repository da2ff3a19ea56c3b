// Package notify tells people and other programs what apps come to: chats, webhooks and commit statuses.
//
// [Notifier] is a [sync.Observer] that only takes down what is new, and sends it from goroutines of its own: a [Target] that
// is slow or down delays nobody, and of what it has missed it gets the latest of each app. URLs, tokens and secrets are files,
// read for each message, so that a new one needs no restart; they are in no log and no error. No redirect is followed.
package notify
