package git

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/golang-jwt/jwt/v5"
)

const (
	githubAPI = "https://api.github.com"
	// renewBefore is how long before its end a token is no longer used, so that it outlasts a fetch and a clock that is late.
	renewBefore = 5 * time.Minute
	// maxTokenAnswer bounds the API's answer, in bytes.
	maxTokenAnswer = 64 << 10
)

// githubApp gets tokens for one repository from an installation of a GitHub App. They can read that repository's content,
// and nothing else, whatever the app may do.
type githubApp struct {
	client     *http.Client
	url        string
	id         string
	key        *rsa.PrivateKey
	repository string // its name without the owner

	token string
	until time.Time
}

// githubApp reads what the app's files say.
func (c *credentials) githubApp(at *url.URL, client *http.Client) (*githubApp, error) {
	if err := c.together(fileAppID, fileAppInstall, fileAppKey); err != nil {
		return nil, err
	}
	id, err := c.line(fileAppID)
	if err != nil {
		return nil, err
	}
	installation, err := c.line(fileAppInstall)
	if err != nil {
		return nil, err
	}
	if _, err := strconv.ParseUint(installation, 10, 64); err != nil {
		return nil, fail(ErrCredentials, "credentials: %s is not a number", fileAppInstall)
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(c.files[fileAppKey]))
	if err != nil {
		return nil, fail(ErrCredentials, "credentials: %s is not an RSA key in PEM", fileAppKey)
	}
	api, err := c.githubAPI(at)
	if err != nil {
		return nil, err
	}
	return &githubApp{
		client: client, url: api + "/app/installations/" + installation + "/access_tokens", id: id, key: key,
		repository: strings.TrimSuffix(path.Base(at.Path), ".git"),
	}, nil
}

// githubAPI returns the address of the API that goes with the repository; what the app signs is for no other.
func (c *credentials) githubAPI(at *url.URL) (string, error) {
	if !c.has(fileAppAPI) {
		if strings.ToLower(at.Hostname()) != "github.com" {
			return "", fail(ErrCredentials, "credentials: %s is missing, as the repository is not on github.com", fileAppAPI)
		}
		return githubAPI, nil
	}
	text, err := c.line(fileAppAPI)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fail(ErrCredentials, "credentials: %s is not an https address, as https://github.example.com/api/v3", fileAppAPI)
	}
	return strings.TrimRight(text, "/"), nil
}

// fresh returns a token that is good for a while, an old one as long as it is.
func (a *githubApp) fresh(ctx context.Context) (string, error) {
	if a.token != "" && time.Until(a.until) > renewBefore {
		return a.token, nil
	}
	a.forget()
	request, err := a.request(ctx)
	if err != nil {
		return "", err
	}
	response, err := a.client.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	if pause, asked := apiPause(response); asked {
		return "", fail(throttledError{pause}, "GitHub's API answered %d %s: it asks to be left alone for a while",
			response.StatusCode, http.StatusText(response.StatusCode))
	}
	if err := checkToken(response.StatusCode); err != nil {
		return "", err
	}
	var answer struct {
		Token string    `json:"token"`
		Until time.Time `json:"expires_at"`
	}
	err = json.NewDecoder(io.LimitReader(response.Body, maxTokenAnswer)).Decode(&answer)
	if err != nil || answer.Token == "" || strings.ContainsFunc(answer.Token, unicode.IsControl) {
		return "", fail(ErrUnavailable, "GitHub's API answered, but not with a token: check %s", fileAppAPI)
	}
	a.token, a.until = answer.Token, answer.Until
	return a.token, nil
}

// forget has the next fetch get a new token.
func (a *githubApp) forget() { a.token = "" }

func (a *githubApp) request(ctx context.Context) (*http.Request, error) {
	now := time.Now()
	signed, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer: a.id, IssuedAt: jwt.NewNumericDate(now.Add(-time.Minute)), ExpiresAt: jwt.NewNumericDate(now.Add(9 * time.Minute)),
	}).SignedString(a.key)
	if err != nil {
		return nil, fail(ErrCredentials, "credentials: %s cannot sign", fileAppKey)
	}
	body, err := json.Marshal(map[string]any{
		"repositories": []string{a.repository}, "permissions": map[string]string{"contents": "read"},
	})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url, bytes.NewReader(body))
	if err != nil {
		return nil, fail(ErrCredentials, "credentials: %s is not usable", fileAppAPI)
	}
	request.Header.Set("Accept", "application/vnd.github+json")
	request.Header.Set("Authorization", "Bearer "+signed)
	request.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	return request, nil
}

// apiPause is how long the API wants to be left alone: it answers 403, too, to who has asked too often within an hour.
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
func apiPause(response *http.Response) (time.Duration, bool) {
	if response.StatusCode == http.StatusForbidden && response.Header.Get("X-RateLimit-Remaining") == "0" {
		reset, err := strconv.ParseInt(response.Header.Get("X-RateLimit-Reset"), 10, 64)
		if err != nil {
			return unsaidPause, true
		}
		return min(max(time.Until(time.Unix(reset, 0)), 0), longestPause), true
	}
	return pauseOf(response)
}

func checkToken(code int) error {
	switch code {
	case http.StatusCreated:
		return nil
	case http.StatusUnauthorized:
		return fail(ErrAuth, "GitHub does not take the app's key (%d): check %s, %s and the clock", code, fileAppID, fileAppKey)
	case http.StatusForbidden, http.StatusNotFound:
		return fail(ErrAuth, "GitHub knows no such installation of the app (%d): check %s", code, fileAppInstall)
	case http.StatusUnprocessableEntity:
		return fail(ErrAuth, "the app's installation may not read the repository (%d): give it the repository, and contents: read", code)
	}
	return fail(ErrUnavailable, "GitHub's API answered %d %s: try again later", code, http.StatusText(code))
}
