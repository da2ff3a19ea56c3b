// Package webhook verifies a provider's push signature and says which repository and ref may have moved.
//
// A [Receiver] answers POST /hooks/{provider} and wakes the repositories that a request is about. What a request says is a
// hint: it makes a look at a repository come sooner, and nothing of it is applied or kept. So a request that is sent twice is
// harmless, and one that is lost is made up for by the next poll.
//
// Nothing is parsed before the signature over the body, as it was sent, has been found right, and an answer tells only what
// its request shows: whoever cannot sign learns neither which repositories nor which secrets there are, and whoever can sign
// is answered before the repository is looked up.
package webhook
