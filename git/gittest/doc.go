// Package gittest gives tests repositories that the real git program keeps, and serves them over the real
// git http-backend.
package gittest
