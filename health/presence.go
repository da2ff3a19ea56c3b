package health

import (
	"context"
	stdsync "sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"
)

const (
	presenceTimeout = 10 * time.Second
	// presenceEvery is when what is missing is looked for again, as long as a session wants to know, and until when what has come
	// of a look is kept for the next session that does.
	presenceEvery = time.Minute
)

// thing is one object that an object of a check names, and of which nothing matters but whether it is there.
type thing struct {
	resource        schema.GroupVersionResource
	namespace, name string
}

// presence looks up whether things are there, in goroutines of its own: those that are are not looked for again while a session
// goes on. It asks for their metadata alone, by name, so that of a Secret no value is read; where that is forbidden, nothing is
// known to be missing.
type presence struct {
	client  metadata.Interface
	ctx     context.Context
	stop    context.CancelFunc
	running stdsync.WaitGroup

	mu    stdsync.Mutex
	known map[thing]*known
}

// known is what has come of looking for one thing, and who wants to know.
type known struct {
	missing   bool
	looking   bool
	again     *time.Timer // runs for presenceEvery after each look
	listeners map[listener]struct{}
}

func newPresence(client metadata.Interface) *presence {
	ctx, stop := context.WithCancel(context.Background())
	return &presence{client: client, ctx: ctx, stop: stop, known: map[thing]*known{}}
}

// lacks reports whether the thing is known to be missing, and has l told when that changes. It is looked for when nobody else
// wants to know it yet.
func (p *presence) lacks(t thing, l listener) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.known[t]
	if k == nil {
		k = &known{listeners: map[listener]struct{}{}}
		p.known[t] = k
		p.begin(t, k)
	}
	k.listeners[l] = struct{}{}
	return k.missing
}

// forget has l not told any more.
func (p *presence) forget(l listener) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for t, k := range p.known {
		delete(k.listeners, l)
		if k.again == nil && !k.looking && len(k.listeners) == 0 {
			delete(p.known, t)
		}
	}
}

// begin looks for t. The mutex is held.
func (p *presence) begin(t thing, k *known) {
	if p.ctx.Err() != nil {
		return
	}
	k.looking, k.again = true, nil
	p.running.Go(func() { p.look(t, k) })
}

func (p *presence) look(t thing, k *known) {
	ctx, cancel := context.WithTimeout(p.ctx, presenceTimeout)
	defer cancel()
	_, err := p.client.Resource(t.resource).Namespace(t.namespace).Get(ctx, t.name, metav1.GetOptions{})
	p.mu.Lock()
	defer p.mu.Unlock()
	missing := apierrors.IsNotFound(err)
	changed := missing != k.missing
	k.looking, k.missing = false, missing
	for l := range k.listeners {
		if changed {
			l.poke()
		}
	}
	if p.ctx.Err() == nil {
		k.again = time.AfterFunc(presenceEvery, func() { p.over(t, k) })
	}
}

// over is called presenceEvery after a look.
func (p *presence) over(t thing, k *known) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k.again = nil
	switch {
	case len(k.listeners) == 0:
		delete(p.known, t)
	case k.missing:
		p.begin(t, k)
	}
}

// close ends all looking, and waits until it has ended.
func (p *presence) close() {
	p.mu.Lock()
	p.stop()
	for _, k := range p.known {
		if k.again != nil {
			k.again.Stop()
		}
	}
	p.mu.Unlock()
	p.running.Wait()
}
