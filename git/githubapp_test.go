package git_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/lockstep-dev/lockstep/git"
)

// hub is a server that gives an app tokens, and serves a repository to those who have the last.
type hub struct {
	server
	t           testing.TB
	key         *rsa.PrivateKey
	url         string
	credentials credentials

	valid  time.Duration // of a token
	code   int           // what the API answers; 0 for a token
	header http.Header   // with that
	tokens int           // how many were given
	last   string        // the only one that opens
}

func newHub(t testing.TB) *hub {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	a := newAuthority(t)
	h := &hub{server: newServer(t), t: t, key: key, valid: time.Hour}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v3/app/installations/{id}/access_tokens", h.give)
	mux.HandleFunc("/team/shop.git/", func(w http.ResponseWriter, r *http.Request) {
		if user, token, _ := r.BasicAuth(); user != "x-access-token" || token == "" || token != h.last {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		http.StripPrefix("/team/shop.git", h.handler).ServeHTTP(w, r)
	})
	at := a.serve(loopback(), tls.NoClientCert, mux)
	h.url = at + "/team/shop.git"
	h.credentials = credentials{
		"github-app-id": "1234\n", "github-app-installation-id": "567\n", "github-app-api-url": at + "/api/v3/\n", "ca.crt": a.pem,
		"github-app-private-key": string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
	}
	return h
}

// give checks what an app says of itself, and what it asks for.
func (h *hub) give(w http.ResponseWriter, r *http.Request) {
	if h.code != 0 {
		maps.Copy(w.Header(), h.header)
		http.Error(w, forged, h.code)
		return
	}
	signed := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	var claims jwt.RegisteredClaims
	_, err := jwt.ParseWithClaims(signed, &claims, func(*jwt.Token) (any, error) { return h.key.Public(), nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer("1234"), jwt.WithExpirationRequired(), jwt.WithIssuedAt())
	if err != nil || claims.ExpiresAt.Sub(claims.IssuedAt.Time) > 10*time.Minute || r.PathValue("id") != "567" {
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	var asked map[string]any
	err = json.NewDecoder(r.Body).Decode(&asked)
	want := map[string]any{"repositories": []any{"shop"}, "permissions": map[string]any{"contents": "read"}}
	if err != nil || !reflect.DeepEqual(asked, want) {
		h.t.Errorf("the app asks for %v, %v", asked, err)
	}
	h.tokens++
	h.last = "ghs-secret-" + strconv.Itoa(h.tokens)
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{"token": h.last, "expires_at": time.Now().Add(h.valid)})
}

func (h *hub) open(t testing.TB) *git.Repository {
	t.Helper()
	return openWith(t, git.Options{URL: h.url, Dir: t.TempDir(), Credentials: h.credentials.folder(t)})
}

func TestAGitHubAppOpensARepositoryWithOneTokenForManyFetches(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	r := h.open(t)
	fetch(t, r, h.push("a.yaml", "a: 1\n"))
	fetch(t, r, h.push("a.yaml", "a: 2\n"))
	if h.tokens != 1 {
		t.Errorf("%d tokens were given", h.tokens)
	}
}

func TestATokenIsRenewedBeforeItEnds(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	h.valid = 4 * time.Minute // a fetch might begin with it that ends after it
	hash := h.push("a.yaml", "a: 1\n")
	r := h.open(t)
	fetch(t, r, hash)
	fetch(t, r, hash)
	if h.tokens != 2 {
		t.Errorf("%d tokens were given", h.tokens)
	}
}

func TestATokenThatIsRevokedIsReplacedWithTheNextFetch(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	hash := h.push("a.yaml", "a: 1\n")
	r := h.open(t)
	fetch(t, r, hash)
	h.last = "none"
	if _, err := r.Fetch(t.Context()); !errors.Is(err, git.ErrAuth) {
		t.Fatalf("fetch: %v", err)
	}
	fetch(t, r, hash)
}

func TestWhatGitHubSaysOfAnAppIsToldApart(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	for code, want := range map[int]struct {
		kind error
		text string
	}{
		401: {git.ErrAuth, "does not take the app's key (401): check github-app-id"},
		403: {git.ErrAuth, "no such installation"},
		404: {git.ErrAuth, "no such installation of the app (404): check github-app-installation-id"},
		422: {git.ErrAuth, "may not read the repository (422)"},
		302: {git.ErrUnavailable, "API answered 302"},
		429: {git.ErrUnavailable, "API answered 429"},
		503: {git.ErrUnavailable, "API answered 503 Service Unavailable: try again later"},
		201: {git.ErrUnavailable, "not with a token"},
	} {
		h.code = code
		denied(t, h.url, h.credentials, want.kind, want.text)
	}
}

func TestAnAppThatIsNotWholeIsRefused(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	for text, c := range map[string]credentials{
		"github-app-api-url is missing, as":             {"github-app-api-url": ""},
		"github-app-private-key is missing":             {"github-app-private-key": ""},
		"github-app-id is missing":                      {"github-app-id": ""},
		"github-app-installation-id is not a number":    {"github-app-installation-id": "../../user"},
		"github-app-private-key is not an RSA key":      {"github-app-private-key": "secret-key"},
		"github-app-api-url is not an https address":    {"github-app-api-url": "http://127.0.0.1/api/v3"},
		"want one of username and password, token, and": {"token": "t0ken-secret"},
		"github-app-installation-id holds control":      {"github-app-installation-id": "1\n2"},
	} {
		denied(t, h.url, h.credentials.with(c), git.ErrCredentials, text)
	}
}

func TestGitHubsAPIIsLeftAloneForAsLongAsItSays(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	soon := strconv.FormatInt(time.Now().Add(30*time.Minute).Unix(), 10)
	for name, c := range map[string]struct {
		code        int
		header      http.Header
		least, most time.Duration
	}{
		"in seconds":           {403, http.Header{"Retry-After": {"7"}}, 7 * time.Second, 7 * time.Second},
		"429 alone":            {429, nil, time.Minute, time.Minute},
		"of the hour":          {403, http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {soon}}, 20 * time.Minute, 30 * time.Minute},
		"for years":            {403, http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"9999999999"}}, time.Hour, time.Hour},
		"until a time ago":     {403, http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"1"}}, 0, 0},
		"for nobody knows how": {403, http.Header{"X-Ratelimit-Remaining": {"0"}}, time.Minute, time.Minute},
	} {
		h.code, h.header = c.code, c.header
		_, err := h.open(t).Fetch(t.Context())
		if pause, asked := git.RetryAfter(err); !asked || pause < c.least || pause > c.most || !strings.Contains(err.Error(), "GitHub's API answered") {
			t.Errorf("%s: %s, %t: %v", name, pause, asked, err)
		}
	}
}
