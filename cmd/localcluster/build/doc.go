// Build compiles localcluster once for its sources and versions, and runs it.
//
//	go run ./build                 prints the path of the binary
//	go run ./build up --nodes 5    becomes the binary with these arguments
//	go run ./build -check          prints the path, or fails when the binary is not built
//
// The binary is kept in the user's cache folder under a key of all that goes into it. It uses the standard library only,
// so that it runs at once where the control plane itself takes ten minutes to compile.
package main
