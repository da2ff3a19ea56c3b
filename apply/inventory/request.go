package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// RequestType is the type of the Secrets that requests are in.
	RequestType corev1.SecretType = "lockstep.dev/request"
	// RequestLabel is on each of them. Its value is the app's name.
	RequestLabel = "lockstep.dev/request"

	requestPrefix = "lockstep-request."
	requestKey    = "request"
	takenKey      = "taken" // the ID of the request that a daemon has taken up
	answerKey     = "answer"
)

// Request is what somebody asks of the daemon that keeps an app. It is a Secret beside the inventories, so that whoever may
// write those may ask, and nobody else, and no daemon needs an address or a password for it.
type Request struct {
	App    string    `json:"app"`
	ID     string    `json:"id"` // different for each
	Action string    `json:"action"`
	To     string    `json:"to,omitempty"`
	At     time.Time `json:"at"`
	// Unattended is of one whose answer nobody waits for.
	Unattended bool `json:"unattended,omitempty"`
}

// Reserved reports whether a Secret is, or could pass for, a record of the app, or a request. The type may be empty.
func Reserved(app, name, secretType string) bool {
	return secretType == string(SecretType) || secretType == string(RequestType) || strings.HasPrefix(name, requestPrefix) ||
		name == headName(app) || strings.HasPrefix(name, headName(app)+".")
}

// Answer is what became of a request.
type Answer struct {
	ID      string `json:"id"`
	State   string `json:"state"`
	Message string `json:"message"`
	Code    int    `json:"code"` // for the command that asked to exit with
}

// ErrNotThere says that there is no such request any more.
var ErrNotThere = errors.New("the request was withdrawn")

// Ask puts a request where the daemon finds it, in place of one before.
func (s *Store) Ask(ctx context.Context, r Request) error {
	secret, err := s.requestSecret(r)
	if err != nil {
		return err
	}
	err = s.client.Create(ctx, secret)
	if apierrors.IsAlreadyExists(err) {
		err = s.client.Update(ctx, secret)
	}
	if err != nil {
		return fmt.Errorf("ask for %s of %s: %w", r.Action, r.App, err)
	}
	return nil
}

func (s *Store) requestSecret(r Request) (*corev1.Secret, error) {
	text, err := json.Marshal(r)
	if err == nil {
		err = checkApp(r.App)
	}
	if err != nil {
		return nil, err
	}
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: s.namespace, Name: requestPrefix + r.App, Labels: map[string]string{RequestLabel: r.App, managerLabel: manager},
		},
		Type: RequestType,
		Data: map[string][]byte{requestKey: text},
	}, nil
}

// RequestOf returns the request that a Secret is, if there is one in it that nobody has taken up yet.
func RequestOf(secret *corev1.Secret) (Request, bool) {
	var r Request
	app, isOne := strings.CutPrefix(secret.Name, requestPrefix)
	err := json.Unmarshal(secret.Data[requestKey], &r)
	return r, err == nil && isOne && secret.Type == RequestType && r.App == app && r.ID != "" && string(secret.Data[takenKey]) != r.ID
}

// IsUnanswered reports whether a daemon has taken the request up that a Secret is, and not answered it yet.
func IsUnanswered(secret *corev1.Secret) bool {
	r, free := RequestOf(secret)
	var answer Answer
	_ = json.Unmarshal(secret.Data[answerKey], &answer) // what cannot be read is none
	return !free && r.ID != "" && string(secret.Data[takenKey]) == r.ID && answer.ID != r.ID
}

// Take notes that a daemon has taken the request up. It is [ErrConflict] when another has, and [ErrNotThere] when it was
// withdrawn.
func (s *Store) Take(ctx context.Context, r Request) error {
	return s.amend(ctx, r, func(secret *corev1.Secret) error {
		if _, free := RequestOf(secret); !free {
			return ErrConflict
		}
		secret.Data[takenKey] = []byte(r.ID)
		return nil
	})
}

// Answer says what became of a request.
func (s *Store) Answer(ctx context.Context, r Request, answer Answer) error {
	answer.ID, answer.Message = r.ID, shorten(answer.Message)
	text, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return s.amend(ctx, r, func(secret *corev1.Secret) error {
		secret.Data[answerKey] = text
		return nil
	})
}

func (s *Store) amend(ctx context.Context, r Request, change func(*corev1.Secret) error) error {
	secret, err := s.request(ctx, r)
	if err == nil {
		err = change(secret)
	}
	if err == nil {
		err = s.client.Update(ctx, secret)
	}
	if apierrors.IsConflict(err) {
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("request %s of %s: %w", r.Action, r.App, err)
	}
	return nil
}

func (s *Store) request(ctx context.Context, r Request) (*corev1.Secret, error) {
	secret, err := s.get(ctx, requestPrefix+r.App)
	if err != nil {
		return nil, err
	}
	var there Request
	if secret == nil || json.Unmarshal(secret.Data[requestKey], &there) != nil || there.ID != r.ID {
		return nil, ErrNotThere
	}
	return secret, nil
}

// Answered returns what became of a request, nil as long as that is not known, and whether a daemon has taken it up.
func (s *Store) Answered(ctx context.Context, r Request) (answer *Answer, taken bool, err error) {
	secret, err := s.request(ctx, r)
	if err != nil {
		return nil, false, fmt.Errorf("request %s of %s: %w", r.Action, r.App, err)
	}
	taken = string(secret.Data[takenKey]) == r.ID
	found := &Answer{}
	if text := secret.Data[answerKey]; len(text) > 0 {
		if err := json.Unmarshal(text, found); err != nil {
			return nil, taken, fmt.Errorf("answer to %s of %s: %w", r.Action, r.App, err)
		}
	}
	if found.ID != r.ID {
		return nil, taken, nil
	}
	return found, taken, nil
}

// Withdraw removes a request, answered or not, unless there is another in its place.
func (s *Store) Withdraw(ctx context.Context, r Request) error {
	secret, err := s.request(ctx, r)
	if err == nil {
		version := secret.ResourceVersion
		err = s.client.Delete(ctx, secret, client.Preconditions{ResourceVersion: &version})
	}
	if err == nil || errors.Is(err, ErrNotThere) || apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return fmt.Errorf("withdraw request %s of %s: %w", r.Action, r.App, err)
}
