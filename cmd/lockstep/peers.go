package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	stdsync "sync"
	"time"

	"github.com/lockstep-dev/lockstep/sync/status"
)

const (
	// peerTimeout is how long another replica may take to answer: it may be frozen.
	peerTimeout = 2 * time.Second
	// selfQuery asks a replica about the apps that it keeps itself, and no others.
	selfQuery = "replica=self"
	// peerHeader says in an answer which replica gives it: an address may be another's by now.
	peerHeader = "Lockstep-Replica"
)

// peers answers what is read of a replica's status about the apps that others keep as well, by asking those: a Service, and whoever
// forwards a port to one, comes to any.
type peers struct {
	*replica
	store  *status.Store
	self   http.Handler
	client *http.Client
}

func newPeers(r *replica, store *status.Store) *peers {
	return &peers{replica: r, store: store, self: store.Handler(), client: clientOfPeers(peerTimeout)}
}

// clientOfPeers returns a client that asks other replicas, by no proxy, and goes nowhere else that one of them sends it.
func clientOfPeers(timeout time.Duration) *http.Client {
	return &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute},
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// handle has what is read about apps answered for all replicas.
func (p *peers) handle(mux *http.ServeMux) {
	for path, all := range map[string]http.HandlerFunc{
		"/api/v1/apps": p.list, "/api/v1/apps/{app}": p.one, "/api/v1/apps/{app}/history": p.one,
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			if w.Header().Set(peerHeader, p.identity); r.URL.RawQuery == selfQuery {
				p.self.ServeHTTP(w, r)
				return
			}
			all(w, r)
		})
	}
}

// list is what the replicas say together. Of one that does not answer it says so.
func (p *peers) list(w http.ResponseWriter, r *http.Request) {
	all := p.store.List()
	var mu stdsync.Mutex
	var group stdsync.WaitGroup
	for _, holder := range p.others() {
		group.Go(func() {
			var list status.List
			body, err := p.ask(r.Context(), holder, r.URL.Path)
			if err == nil {
				err = json.Unmarshal(body, &list)
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil && all.Replica != nil {
				all.Replica.Silent = append(all.Replica.Silent, holder)
			}
			all.Apps = append(all.Apps, list.Apps...)
		})
	}
	group.Wait()
	byName := func(a, b status.App) int { return cmp.Compare(a.Name, b.Name) }
	slices.SortStableFunc(all.Apps, byName) // of an app that has just moved what was there first: this replica's
	all.Apps = slices.CompactFunc(all.Apps, func(a, b status.App) bool { return a.Name == b.Name })
	reply(w, http.StatusOK, all)
}

// one is what the replica says that keeps the app, or this one where none does that answers. Parts move, and who holds one is
// known a moment later: so the others are asked as well where the holder knows nothing of it.
func (p *peers) one(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("app")
	if _, known := p.store.App(name); known {
		p.self.ServeHTTP(w, r)
		return
	}
	holder := p.holder(p.names()[shardOf(name, p.shards)])
	others := p.others()
	if at := slices.Index(others, holder); at > 0 {
		others[0], others[at] = others[at], others[0]
	}
	for _, other := range others {
		body, err := p.ask(r.Context(), other, r.URL.EscapedPath())
		if err == nil && json.Valid(body) {
			reply(w, http.StatusOK, json.RawMessage(body))
			return
		}
	}
	p.self.ServeHTTP(w, r)
}

// ask reads of another replica what it says of its own apps.
func (p *peers) ask(ctx context.Context, holder, path string) (body []byte, err error) {
	_, at := addressesOf(holder)
	if !at.IsValid() {
		return nil, fmt.Errorf("%s does not say where its status is", holder)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, (&url.URL{Scheme: "http", Host: at.String()}).String()+path+"?"+selfQuery, nil)
	if err != nil {
		return nil, err
	}
	answer, err := p.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	if by := answer.Header.Get(peerHeader); by != holder {
		return nil, fmt.Errorf("%s is not at %s", holder, at)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %d", holder, answer.StatusCode)
	}
	return io.ReadAll(io.LimitReader(answer.Body, longestAnswer))
}

// holder is who holds a lease, as far as is known; empty for nobody.
func (r *replica) holder(lease string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.holders[lease]
}

// others are the identities of the other replicas that keep apps.
func (r *replica) others() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for _, holder := range r.holders {
		if holder != "" && holder != r.identity && !slices.Contains(all, holder) {
			all = append(all, holder)
		}
	}
	slices.Sort(all)
	return all
}

// keepers are the addresses of the webhooks of the other replicas that keep apps, as far as they say.
func (r *replica) keepers() []netip.AddrPort {
	var all []netip.AddrPort
	for _, holder := range r.others() {
		if hooks, _ := addressesOf(holder); hooks.IsValid() && !slices.Contains(all, hooks) {
			all = append(all, hooks)
		}
	}
	return all
}
