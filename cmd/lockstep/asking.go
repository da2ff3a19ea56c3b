package main

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	stdsync "sync"
	"time"

	"go.uber.org/zap"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/git/webhook"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// askingTimeout is how long the cluster may take to be asked.
const askingTimeout = 5 * time.Second

// asking answers POST /api/v1/apps/{app}/sync for whoever has the token. It asks as lockstep sync does, by a request in the
// cluster, so that any replica may be asked: the one that keeps the app takes it up.
type asking struct {
	tokens   *webhook.Secrets
	requests *inventory.Store
	keeps    func(app string) bool // this daemon
	wants    func(app string) bool // the config, whoever keeps it; nil before the daemon runs
	others   bool                  // there are other daemons, which may keep an app as well
	log      *zap.Logger

	mu   stdsync.Mutex
	told string // what was logged last of the tokens
}

// checkAsking says what is wrong with the flag.
func (f *runFlags) checkAsking() error {
	switch {
	case f.syncTokens == "":
		return nil
	case f.once || f.listen == "":
		return errors.New("--sync-token-file: goes with a daemon that has an address to --listen at")
	}
	if err := webhook.NewSecrets(f.syncTokens).Check(); err != nil {
		return errors.New("--sync-token-file: " + err.Error())
	}
	return nil
}

// askable returns what answers whoever asks over HTTP, nil for nobody.
func (f *runFlags) askable(d *daemon) *asking {
	if f.syncTokens == "" {
		return nil
	}
	a := &asking{tokens: webhook.NewSecrets(f.syncTokens), requests: inventory.NewStore(d.client, d.namespace), log: d.log}
	a.keeps = func(app string) bool {
		_, keeps := d.store.App(app)
		return keeps
	}
	if d.replica != nil {
		a.requests, a.others = d.replica.requests, true
	}
	return a
}

func (a *asking) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		status.Refuse(w, http.StatusMethodNotAllowed, "want POST")
		return
	}
	if !a.trusts(r.Header) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="lockstep"`)
		status.Refuse(w, http.StatusUnauthorized, "want the header Authorization: Bearer and the token")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), askingTimeout)
	defer cancel()
	request := inventory.Request{App: r.PathValue("app"), ID: rand.Text(), Action: string(sync.OrderSync), At: time.Now()}
	known, err := a.knows(ctx, request.App)
	if err == nil && known {
		err = a.requests.Leave(ctx, request)
	}
	switch {
	case errors.Is(err, inventory.ErrBusy):
		status.Refuse(w, http.StatusConflict, "another command of the app is under way: ask again when it has ended")
	case err != nil:
		a.log.Warn("sync that was asked for over HTTP cannot be passed on", zap.String("app", request.App), zap.Error(err))
		status.Refuse(w, http.StatusServiceUnavailable, "the cluster cannot be asked now")
	case !known:
		status.Refuse(w, http.StatusNotFound, "no such app")
	default:
		status.Reply(w, http.StatusAccepted, map[string]string{"app": request.App, "action": request.Action})
	}
}

// trusts reports whether the request shows a token. Without one as much is done as with a wrong one.
func (a *asking) trusts(header http.Header) bool {
	scheme, token, _ := strings.Cut(header.Get("Authorization"), " ")
	held, err := a.tokens.Hold(token)
	a.tell(err)
	return held && strings.EqualFold(scheme, "Bearer") && len(header.Values("Authorization")) == 1
}

// tell logs what is wrong with the tokens, once as long as it is.
func (a *asking) tell(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if text != "" && text != a.told {
		a.log.Warn("nobody may ask over HTTP", zap.Error(err))
	}
	a.told = text
}

// knows reports whether the app is kept here, or may be another's to keep: it is in the config, or on record.
func (a *asking) knows(ctx context.Context, app string) (bool, error) {
	if a.keeps(app) || a.others && a.wants != nil && a.wants(app) {
		return true, nil
	}
	if !a.others || len(validation.IsDNS1123Label(app)) > 0 {
		return false, nil
	}
	record, err := a.requests.Peek(ctx, app)
	if errors.Is(err, inventory.ErrBroken) || errors.Is(err, inventory.ErrNewer) {
		return true, nil
	}
	return err == nil && !record.IsNew(), err
}
