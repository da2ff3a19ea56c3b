package inventory_test

import (
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/inventory"
)

func TestARequestIsTakenUpOnceAndAnswered(t *testing.T) {
	p := newPlace(t)
	s, ctx := p.store(), t.Context()
	p.save(s, small("1"))
	asked := inventory.Request{App: "web", ID: "1", Action: "rollback", To: "3f2a1c9", At: time.Unix(1_700_000_000, 0).UTC()}
	if err := s.Ask(ctx, asked); err != nil {
		t.Fatal(err)
	}
	if got, free := inventory.RequestOf(p.request()); !free || got != asked {
		t.Errorf("%+v, free %t", got, free)
	}
	if answer, taken, err := s.Answered(ctx, asked); answer != nil || taken || err != nil {
		t.Errorf("before anybody has looked: %v %t %v", answer, taken, err)
	}
	if err := s.Take(ctx, asked); err != nil {
		t.Fatal(err)
	}
	if err := p.store().Take(ctx, asked); !errors.Is(err, inventory.ErrConflict) {
		t.Errorf("taken up twice: %v", err)
	}
	if _, free := inventory.RequestOf(p.request()); free {
		t.Error("still free")
	}
	if err := s.Answer(ctx, asked, inventory.Answer{State: "RolledBack", Message: "back", Code: 3}); err != nil {
		t.Fatal(err)
	}
	answer, taken, err := s.Answered(ctx, asked)
	if want := (inventory.Answer{ID: "1", State: "RolledBack", Message: "back", Code: 3}); err != nil || !taken || answer == nil || *answer != want {
		t.Errorf("answered %+v %t %v", answer, taken, err)
	}
	p.again(s, asked)
	same(t, p.load(p.store()), small("1")) // and it is no part of the inventory
}

func TestARequestThatIsTakenUpIsUnansweredUntilItIsAnswered(t *testing.T) {
	p := newPlace(t)
	s, ctx := p.store(), t.Context()
	asked := inventory.Request{App: "web", ID: "1", Action: "sync", At: time.Unix(1_700_000_000, 0).UTC()}
	for _, step := range []struct {
		do   func() error
		want bool
	}{
		{func() error { return s.Ask(ctx, asked) }, false},
		{func() error { return s.Take(ctx, asked) }, true},
		{func() error { return s.Answer(ctx, asked, inventory.Answer{State: "Healthy"}) }, false},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if got := inventory.IsUnanswered(p.request()); got != step.want {
			t.Errorf("unanswered %t, want %t", got, step.want)
		}
	}
}

// again asks anew, and withdraws both.
func (p place) again(s *inventory.Store, before inventory.Request) {
	p.t.Helper()
	next := before
	next.ID = "2"
	if err := s.Ask(p.t.Context(), next); err != nil {
		p.t.Fatal(err)
	}
	if answer, taken, err := s.Answered(p.t.Context(), next); answer != nil || taken || err != nil {
		p.t.Errorf("the next has the answer of the one before: %v %t %v", answer, taken, err)
	}
	if _, _, err := s.Answered(p.t.Context(), before); !errors.Is(err, inventory.ErrNotThere) {
		p.t.Errorf("the one before: %v", err)
	}
	for _, request := range []inventory.Request{before, next, next} {
		if err := s.Withdraw(p.t.Context(), request); err != nil {
			p.t.Error(err)
		}
	}
	if secrets := p.secrets(); len(secrets) != 1 {
		p.t.Errorf("%d Secrets are left", len(secrets))
	}
}

func (p place) request() *corev1.Secret {
	p.t.Helper()
	secret := &corev1.Secret{}
	if err := p.client.Get(p.t.Context(), client.ObjectKey{Namespace: p.namespace, Name: "lockstep-request.web"}, secret); err != nil {
		p.t.Fatal(err)
	}
	return secret
}

func TestWhatLooksLikeARequestAndIsNoneIsLeftAlone(t *testing.T) {
	good := func() *corev1.Secret {
		s := &corev1.Secret{Type: inventory.RequestType, Data: map[string][]byte{"request": []byte(`{"app":"web","id":"1"}`)}}
		s.Name = "lockstep-request.web"
		return s
	}
	if _, free := inventory.RequestOf(good()); !free {
		t.Fatal("a good one is none")
	}
	for name, spoil := range map[string]func(*corev1.Secret){
		"another type": func(s *corev1.Secret) { s.Type = corev1.SecretTypeOpaque },
		"another app":  func(s *corev1.Secret) { s.Name = "lockstep-request.api" },
		"another name": func(s *corev1.Secret) { s.Name = "web" },
		"no JSON":      func(s *corev1.Secret) { s.Data["request"] = []byte("{") },
		"no ID":        func(s *corev1.Secret) { s.Data["request"] = []byte(`{"app":"web"}`) },
	} {
		s := good()
		spoil(s)
		if got, free := inventory.RequestOf(s); free {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestARequestThatNobodyWaitsForTakesNoOthersPlace(t *testing.T) {
	p := newPlace(t)
	s, ctx := p.store(), t.Context()
	p.save(s, small("1"))
	asked := inventory.Request{App: "web", ID: "1", Action: "rollback", At: time.Now()}
	left := func(id string) inventory.Request {
		return inventory.Request{App: "web", ID: id, Action: "sync", At: time.Now()}
	}
	there := func() string {
		request, _ := inventory.RequestOf(p.request())
		return request.ID
	}
	if err := s.Ask(ctx, asked); err != nil {
		t.Fatal(err)
	}
	if err := s.Leave(ctx, left("2")); !errors.Is(err, inventory.ErrBusy) || there() != "1" {
		t.Errorf("before it is taken up: %v, %s is there", err, there())
	}
	if err := s.Take(ctx, asked); err != nil {
		t.Fatal(err)
	}
	if err := s.Leave(ctx, left("3")); !errors.Is(err, inventory.ErrBusy) {
		t.Errorf("while it is done: %v", err)
	}
	if err := s.Answer(ctx, asked, inventory.Answer{State: "Healthy"}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"4", "5"} { // in place of one that is answered, and of one that nobody waits for
		if err := s.Leave(ctx, left(id)); err != nil || there() != id {
			t.Errorf("%s: %v, %s is there", id, err, there())
		}
	}
	asked.ID, asked.At = "6", time.Now().Add(-inventory.MaxWait-time.Second)
	if err := s.Ask(ctx, asked); err != nil {
		t.Fatal(err)
	}
	if err := s.Leave(ctx, left("7")); err != nil || there() != "7" {
		t.Errorf("in place of one that nobody waits for any more: %v", err)
	}
}
