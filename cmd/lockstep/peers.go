package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
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

// errNoApp says that whoever keeps the apps of that part has none of the name.
var errNoApp = errors.New("no such app")

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
			w.Header().Set(peerHeader, p.identity)
			all(w, r)
		})
	}
}

// list is what the replicas say together. Of what is missing it says so.
func (p *peers) list(w http.ResponseWriter, r *http.Request) {
	if r.URL.RawQuery == selfQuery {
		p.self.ServeHTTP(w, r)
		return
	}
	status.Reply(w, http.StatusOK, p.together(r.Context()))
}

// one is what the replica says that keeps the app: that there is no such app only it may say. Parts move, and who holds one is
// known a moment later: where the holder that is known of does not keep the app, all are asked who does.
func (p *peers) one(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("app")
	lease := p.names()[shardOf(name, p.shards)]
	_, known := p.store.App(name)
	switch {
	case known || p.standing().Keeps(lease):
		p.self.ServeHTTP(w, r)
	case r.URL.RawQuery == selfQuery:
		status.Refuse(w, http.StatusServiceUnavailable, "another replica keeps the app")
	case !p.pass(w, r, p.holder(lease)):
		p.search(w, r, name)
	}
}

// search asks all replicas who keeps an app, and passes on what that one says.
func (p *peers) search(w http.ResponseWriter, r *http.Request, name string) {
	is := p.together(r.Context()).Replica
	keeper := is.Leases[shardOf(name, len(is.Leases))]
	switch {
	case slices.Contains(is.Missing, keeper.Name):
	case keeper.Holder == p.identity: // by now
		p.self.ServeHTTP(w, r)
		return
	case p.pass(w, r, keeper.Holder):
		return
	default:
		is.Missing, is.Silent = append(is.Missing, keeper.Name), append(is.Silent, keeper.Holder)
	}
	status.Refuse(w, http.StatusServiceUnavailable, is.Lacks())
}

// pass answers as the holder of a lease does that the app is kept by, and reports whether it does.
func (p *peers) pass(w http.ResponseWriter, r *http.Request, holder string) bool {
	body, err := p.ask(r.Context(), holder, r.URL.EscapedPath())
	switch {
	case errors.Is(err, errNoApp):
		status.Refuse(w, http.StatusNotFound, errNoApp.Error())
	case err == nil:
		status.Reply(w, http.StatusOK, json.RawMessage(body))
	default:
		return false
	}
	return true
}

// ask reads of another replica what it says of its own apps.
func (p *peers) ask(ctx context.Context, holder, path string) (body []byte, err error) {
	at := status.ParseIdentity(holder).Status
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
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil, errNoApp
	default:
		return nil, fmt.Errorf("%s answered %d", holder, answer.StatusCode)
	}
	body, err = io.ReadAll(io.LimitReader(answer.Body, longestAnswer))
	if err == nil && !json.Valid(body) {
		err = fmt.Errorf("%s answered with what is no JSON", holder)
	}
	return body, err
}
