package status

import (
	"encoding/json"
	"net/http"
)

// List is the answer of GET /api/v1/apps.
type List struct {
	Apps     []App    `json:"apps"`
	Problems []string `json:"problems"` // what is wrong with the config, and left out
	Replica  *Replica `json:"replica,omitempty"`
}

// Handler serves the Store:
//
//	GET /healthz              200 as long as the workers work, 503 when one is stuck
//	GET /readyz               200 once the caches are synced, see [Store.Ready]; 503 before
//	GET /api/v1/apps          every app
//	GET /api/v1/apps/{app}    one of them
//	GET /api/v1/apps/{app}/history
func (s *Store) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.serveAlive)
	mux.HandleFunc("GET /readyz", s.serveReady)
	mux.HandleFunc("GET /api/v1/apps", func(w http.ResponseWriter, _ *http.Request) { Reply(w, http.StatusOK, s.List()) })
	mux.HandleFunc("GET /api/v1/apps/{app}", s.serveApp)
	mux.HandleFunc("GET /api/v1/apps/{app}/history", s.serveHistory)
	return mux
}

func (s *Store) serveAlive(w http.ResponseWriter, _ *http.Request) {
	s.mu.RLock()
	alive := s.alive
	s.mu.RUnlock()
	if alive != nil {
		if err := alive(); err != nil {
			plain(w, http.StatusServiceUnavailable, err.Error())
			return
		}
	}
	plain(w, http.StatusOK, "ok")
}

func (s *Store) serveReady(w http.ResponseWriter, _ *http.Request) {
	switch is := s.waiting(); {
	case !s.Ready() && !s.isWarm():
		plain(w, http.StatusServiceUnavailable, "the repositories have not been asked yet")
	case !s.Ready():
		plain(w, http.StatusServiceUnavailable, "the apps have not been compared with the cluster yet")
	case is != nil:
		plain(w, http.StatusOK, is.String())
	default:
		plain(w, http.StatusOK, "ok")
	}
}

func (s *Store) serveApp(w http.ResponseWriter, r *http.Request) {
	app, known := s.App(r.PathValue("app"))
	switch is := s.waiting(); {
	case known:
		Reply(w, http.StatusOK, app)
	case is != nil:
		Refuse(w, http.StatusServiceUnavailable, is.String())
	default:
		Refuse(w, http.StatusNotFound, "no such app")
	}
}

func (s *Store) serveHistory(w http.ResponseWriter, r *http.Request) {
	_, known := s.App(r.PathValue("app"))
	s.mu.RLock()
	read := s.history
	s.mu.RUnlock()
	if !known || read == nil {
		Refuse(w, http.StatusNotFound, "no such app")
		return
	}
	history, err := read(r.Context(), r.PathValue("app"))
	if err != nil {
		Refuse(w, http.StatusServiceUnavailable, "the history cannot be read")
		return
	}
	Reply(w, http.StatusOK, history)
}

func plain(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(text + "\n"))
}

// Refuse answers with an error: {"error": why}.
func Refuse(w http.ResponseWriter, code int, why string) {
	Reply(w, code, map[string]string{"error": why})
}

// Reply answers with JSON, which nothing between keeps.
func Reply(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // whoever has gone does not read the error either
}
