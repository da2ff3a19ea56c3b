package probe

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/rest"
)

// DefaultTimeout is how long one request may take.
const DefaultTimeout = 5 * time.Second

// Client asks Services and pods, either at their own addresses or through the API server's proxy. It sends no credentials
// to them, keeps no cookies, and follows no redirect: one is an answer.
type Client struct {
	Timeout time.Duration // of each request
	direct  bool
	http    *http.Client
	api     *url.URL // of the API server; nil when direct
}

// Direct returns a Client for a process that runs where the Services can be reached: in the cluster. Each request has a
// connection of its own, so that each is routed anew.
func Direct() *Client {
	transport := &http.Transport{
		DialContext:       (&net.Dialer{Timeout: DefaultTimeout}).DialContext,
		DisableKeepAlives: true,
		// Who issued the certificate is not known here; as with the kubelet's own probes, nothing secret is sent.
		TLSClientConfig:        &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12},
		MaxResponseHeaderBytes: 64 << 10,
	}
	return &Client{Timeout: DefaultTimeout, direct: true, http: &http.Client{Transport: transport, CheckRedirect: stay}}
}

// ThroughAPIServer returns a Client for a process that reaches the API server alone. It needs the right to get
// services/proxy and pods/proxy; without it the error of a round is the API server's, which names them.
func ThroughAPIServer(config *rest.Config) (*Client, error) {
	config = rest.CopyConfig(config)
	config.Timeout = 0
	transport, err := rest.TransportFor(config)
	if err != nil {
		return nil, fmt.Errorf("make a client for probes: %w", err)
	}
	api, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, fmt.Errorf("make a client for probes: %w", err)
	}
	return &Client{Timeout: DefaultTimeout, http: &http.Client{Transport: transport, CheckRedirect: stay}, api: api}, nil
}

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// service is where the Service of t is asked; the n-th request to a headless one goes to the n-th of its pods.
func (c *Client) service(t Target, n int) string {
	switch {
	case !c.direct:
		return c.proxied(t.URL, "services", t.URL.Service, t.Port)
	case t.Address == "":
		return c.pod(t, t.Backends[n%len(t.Backends)])
	}
	return t.URL.Scheme + "://" + net.JoinHostPort(t.Address, strconv.Itoa(t.Port)) + t.URL.Path
}

// pod is where one pod of t is asked.
func (c *Client) pod(t Target, b Backend) string {
	if !c.direct {
		return c.proxied(t.URL, "pods", b.Pod, b.Port)
	}
	return t.URL.Scheme + "://" + net.JoinHostPort(b.Address, strconv.Itoa(b.Port)) + t.URL.Path
}

// proxied is the API server's own path to a port of a Service or a pod.
func (c *Client) proxied(u URL, resource, name string, port int) string {
	return fmt.Sprintf("%s/api/v1/namespaces/%s/%s/%s:%s:%d/proxy%s",
		strings.TrimSuffix(c.api.String(), "/"), u.Namespace, resource, u.Scheme, name, port, u.Path)
}

// ask makes one request. The error is the API server's refusal, or ctx's cause.
func (c *Client) ask(ctx context.Context, t Target, where string) (answer, error) {
	timed, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(timed, http.MethodGet, where, nil)
	if err != nil {
		return answer{words: "the URL cannot be asked"}, nil
	}
	request.Header.Set("User-Agent", "lockstep-probe")
	if c.direct {
		request.Host = t.URL.Host()
	}
	response, err := c.http.Do(request)
	switch {
	case ctx.Err() != nil:
		return answer{}, context.Cause(ctx)
	case err != nil:
		return answer{words: c.explain(err)}, nil
	}
	return c.read(response)
}

// Close lets go of connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }
