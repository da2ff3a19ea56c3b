package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"path"
	"regexp"
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/client-go/kubernetes/scheme"
)

// turn is who has a Lease from a moment on: a daemon, or nobody.
type turn struct {
	lease, by string
	at        time.Time
}

// noted notes the code of an answer.
type noted struct {
	http.ResponseWriter
	code int
}

func (a *noted) WriteHeader(code int) {
	a.code = code
	a.ResponseWriter.WriteHeader(code)
}

// holding passes the write of a Lease on, and notes whose it is then.
func (l *ledger) holding(by string, w http.ResponseWriter, r *http.Request, next http.Handler) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	object, _, _ := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
	is, written := object.(*coordinationv1.Lease) // else it is deleted
	recorded := &noted{ResponseWriter: w, code: http.StatusOK}
	next.ServeHTTP(recorded, r)
	if recorded.code >= http.StatusMultipleChoices || !written || is.Spec.HolderIdentity == nil {
		return
	}
	if *is.Spec.HolderIdentity == "" {
		by = ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turns = append(l.turns, turn{lease: is.Name, by: by, at: time.Now()})
}

// ofApp finds the app that a write is about, in the names of its ConfigMap and of its record.
var ofApp = regexp.MustCompile(`app-[0-9]+$`)

// strays are the writes for an app that came when its writer did not keep it, or not alone. LeaseOf is the Lease of an app as a
// daemon divides them.
func (l *ledger) strays(leaseOf func(daemon, app string) string) (strays []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range l.writes {
		app := ofApp.FindString(path.Base(w.path))
		if app == "" {
			continue
		}
		holders := map[string]string{} // by lease
		for _, t := range l.turns {
			if t.at.Before(w.at) {
				holders[t.lease] = t.by
			}
		}
		var keepers []string
		for lease, by := range holders {
			if by != "" && leaseOf(by, app) == lease {
				keepers = append(keepers, by)
			}
		}
		if !slices.Equal(keepers, []string{w.by}) {
			strays = append(strays, fmt.Sprintf("%s %s by %s, while it is kept by %q", w.method, w.path, w.by, keepers))
		}
	}
	return strays
}
