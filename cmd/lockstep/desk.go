package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

const (
	// deskRetry is how long the desk stays closed after it could not be opened.
	deskRetry = 10 * time.Second
	// deskLook is how often requests are looked at again whose app was not looked after here when they came.
	deskLook = time.Second

	lostWords = "the daemon that had taken it up has ended, and another keeps the app now: see lockstep status, and ask again if need be"
)

// desk takes up what is asked for by hand: see [inventory.Request].
type desk struct {
	client    client.WithWatch // without a timeout, for the watch
	namespace string
	ledger    *inventory.Store
	store     *status.Store // of the apps that are looked after here
	mine      func(app string) bool
	log       *zap.Logger
	orders    chan sync.Order
	begun     map[string]bool // IDs of the requests that were taken up here, in this shift
}

func (d *daemon) newDesk() (*desk, error) {
	c, err := client.NewWithWatch(d.config, client.Options{Scheme: d.client.Scheme(), Mapper: d.client.RESTMapper()})
	if err != nil {
		return nil, fmt.Errorf("watch for commands: %w", err)
	}
	return &desk{
		client: c, namespace: d.namespace, ledger: inventory.NewStore(d.client, d.namespace), store: d.store, log: d.log,
		orders: make(chan sync.Order), begun: map[string]bool{}, mine: func(string) bool { return true },
	}, nil
}

// of returns a desk for some of the apps. Its orders go where those of d go.
func (d *desk) of(mine func(app string) bool) *desk {
	some := *d
	some.mine, some.begun = mine, map[string]bool{}
	return &some
}

// run takes requests up until ctx ends. That they cannot be watched stops nothing else.
func (d *desk) run(ctx context.Context) error {
	told := false
	for ctx.Err() == nil {
		err := d.open(ctx)
		if err != nil && ctx.Err() == nil && !told {
			told = true
			d.log.Warn("commands such as lockstep sync are not taken up", zap.Error(err))
		}
		if err == nil {
			told = false
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(deskRetry):
		}
	}
	return nil
}

// open takes up what is there and what comes, until the watch ends.
func (d *desk) open(ctx context.Context) error {
	var list corev1.SecretList
	options := []client.ListOption{client.InNamespace(d.namespace), client.HasLabels{inventory.RequestLabel}}
	if err := d.client.List(ctx, &list, options...); err != nil {
		return err
	}
	early := map[string]*corev1.Secret{}
	for i := range list.Items {
		d.take(ctx, &list.Items[i], early)
	}
	from := &client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: list.ResourceVersion}}
	events, err := d.client.Watch(ctx, &corev1.SecretList{}, append(options, from)...)
	if err != nil {
		return err
	}
	defer events.Stop()
	again := time.NewTicker(deskLook)
	defer again.Stop()
	for {
		select {
		case event, open := <-events.ResultChan():
			if !open {
				return nil
			}
			secret, isSecret := event.Object.(*corev1.Secret)
			if isSecret && (event.Type == watch.Added || event.Type == watch.Modified) {
				d.take(ctx, secret, early)
			}
		case <-again.C:
			for app, secret := range early {
				delete(early, app)
				d.take(ctx, secret, early)
			}
		}
	}
}

// take has a request's app do what it asks for, if the app is looked after here. A request that came before its app was is
// put with the early ones.
func (d *desk) take(ctx context.Context, secret *corev1.Secret, early map[string]*corev1.Secret) {
	request, free := inventory.RequestOf(secret)
	lost := !free && inventory.IsUnanswered(secret) && !d.begun[request.ID]
	if !free && !lost || !d.mine(request.App) || time.Since(request.At) > inventory.MaxWait {
		return
	}
	if _, known := d.store.App(request.App); !known {
		early[request.App] = secret
		return
	}
	if lost {
		if err := d.giveUp(ctx, request); err != nil {
			d.log.Warn("a command is not answered", zap.String("app", request.App), zap.Error(err))
		}
		return
	}
	if err := d.ledger.Take(ctx, request); err != nil {
		d.log.Warn("a command is not taken up", zap.String("app", request.App), zap.Error(err))
		return
	}
	d.begun[request.ID] = true
	d.log.Info("command", zap.String("app", request.App), zap.String("action", request.Action), zap.String("to", request.To))
	order := sync.Order{App: request.App, Verb: sync.Verb(request.Action), To: request.To}
	order.Done = func(ctx context.Context, outcome sync.Outcome, err error) { d.answer(ctx, request, outcome, err) }
	select {
	case <-ctx.Done():
	case d.orders <- order:
	}
}

// giveUp answers a request that was taken up by a daemon, or in a turn, that has ended since. It is not done again: who asks to go
// back a commit would go back two.
func (d *desk) giveUp(ctx context.Context, request inventory.Request) error {
	if request.Unattended {
		return d.ledger.Withdraw(ctx, request)
	}
	return d.ledger.Answer(ctx, request, inventory.Answer{Code: exitError, Message: lostWords})
}

// answer says what became of a request, also when ctx has just ended.
func (d *desk) answer(ctx context.Context, request inventory.Request, outcome sync.Outcome, failure error) {
	app, _ := d.store.App(request.App)
	answer := inventory.Answer{State: string(cmp.Or(outcome.State, app.State)), Message: app.Message, Code: exitCode(failure)}
	switch {
	case failure != nil:
		answer.Message = wordsOf(failure)
	case outcome.State == sync.RolledBack && outcome.Back != nil:
		answer.Message = outcome.Back.String() // the app may be told to be something else, as when its repository is away
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	say := func() error { return d.ledger.Answer(ctx, request, answer) }
	if request.Unattended {
		say = func() error { return d.ledger.Withdraw(ctx, request) }
	}
	if err := say(); err != nil {
		d.log.Warn("a command is not answered", zap.String("app", request.App), zap.Error(err))
	}
}

// wordsOf says why a pass ended, without the app and the state, which are said beside it, and what to do.
func wordsOf(err error) string {
	failed, ok := errors.AsType[*sync.Error](err)
	if !ok {
		return err.Error()
	}
	text := failed.Message()
	if failed.State() == sync.Failed {
		text = failed.Reason() + ": " + text
	}
	if advice := failed.Advice(); advice != "" {
		text += " → " + advice
	}
	return text
}
