package webhook

import "time"

// NewHint is a hint about a repository as a replica would have sent it at that time.
func NewHint(provider Provider, repository, secret, nonce string, at time.Time) (Hint, error) {
	return told{Repositories: []string{repository}, At: at, Nonce: nonce}.signed(provider, [][]byte{[]byte(secret)})
}
