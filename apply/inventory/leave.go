package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

const (
	// MaxWait is how long somebody waits at most for the answer to a request.
	MaxWait = 10 * time.Minute
	// leaveTries is how often a request is left anew that somebody else's writes have come before.
	leaveTries = 5
)

// ErrBusy says that there is a request already whose answer somebody waits for.
var ErrBusy = errors.New("another command is under way")

// Leave asks as [Store.Ask] does, for somebody who does not wait for the answer: whoever takes the request up removes it. It
// does not take the place of one that somebody waits for: that is [ErrBusy].
func (s *Store) Leave(ctx context.Context, r Request) error {
	r.Unattended = true
	secret, err := s.requestSecret(r)
	if err != nil {
		return err
	}
	for range leaveTries {
		err = s.leave(ctx, secret.DeepCopy())
		if !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err) && !apierrors.IsNotFound(err) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("ask for %s of %s: %w", r.Action, r.App, err)
	}
	return nil
}

func (s *Store) leave(ctx context.Context, secret *corev1.Secret) error {
	there, err := s.get(ctx, secret.Name)
	switch {
	case err != nil:
		return err
	case there == nil:
		return s.client.Create(ctx, secret)
	case isAwaited(there):
		return ErrBusy
	}
	secret.ResourceVersion = there.ResourceVersion
	return s.client.Update(ctx, secret)
}

// isAwaited reports whether somebody waits for the answer to the request.
func isAwaited(secret *corev1.Secret) bool {
	var r Request
	var answer Answer
	if json.Unmarshal(secret.Data[requestKey], &r) != nil || r.Unattended || time.Since(r.At) > MaxWait {
		return false
	}
	return json.Unmarshal(secret.Data[answerKey], &answer) != nil || answer.ID != r.ID
}
