//! A renderer for pictures in tests: triangles on the processor, with neither a graphics card nor a screen.
//!
//! Invariant: the same shapes give the same bytes, on any machine whose floating point follows IEEE 754.
//! Textures are read with linear filtering and blended as egui's own back ends do, in gamma space.

use std::collections::HashMap;

use egui::epaint::{ImageData, Mesh, Primitive, Vertex};
use egui::{Color32, Context, FullOutput, Pos2, Rect, TextureId, TexturesDelta, Vec2, pos2};
use egui_kittest::TestRenderer;
use image::RgbaImage;

/// Red, green, blue and alpha from 0 to 255, multiplied by alpha.
type Rgba = [f32; 4];

#[derive(Default)]
pub(crate) struct Renderer {
    textures: HashMap<TextureId, Texture>,
}

impl TestRenderer for Renderer {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        for (id, parts) in delta.set.drain() {
            for part in parts {
                let ImageData::Color(image) = &part.image;
                let pixels = image.pixels.iter().copied().map(rgba);
                match part.pos {
                    None => {
                        let whole = Texture { size: image.size, pixels: pixels.collect() };
                        self.textures.insert(id, whole);
                    }
                    Some(at) => {
                        if let Some(texture) = self.textures.get_mut(&id) {
                            texture.patch(at, image.size[0], pixels);
                        }
                    }
                }
            }
        }
        for id in delta.free.drain() {
            self.textures.remove(&id);
        }
    }

    fn render(&mut self, ctx: &Context, output: &FullOutput) -> Result<RgbaImage, String> {
        let scale = ctx.pixels_per_point();
        let mut canvas = Canvas::new(ctx.content_rect().size() * scale);
        for clipped in ctx.tessellate(output.shapes.clone(), scale) {
            let Primitive::Mesh(mesh) = &clipped.primitive else { continue };
            let texture = self.textures.get(&mesh.texture_id).ok_or("a texture is missing")?;
            canvas.clip = canvas.pixels_of(clipped.clip_rect * scale);
            canvas.mesh(mesh, texture, scale);
        }
        canvas.image()
    }
}

fn rgba(color: Color32) -> Rgba {
    color.to_array().map(f32::from)
}

struct Texture {
    size: [usize; 2],
    pixels: Vec<Rgba>,
}

impl Texture {
    fn patch(&mut self, [left, top]: [usize; 2], width: usize, pixels: impl Iterator<Item = Rgba>) {
        for (place, pixel) in pixels.enumerate() {
            let (x, y) = (left + place % width, top + place / width);
            self.pixels[y * self.size[0] + x] = pixel;
        }
    }

    fn texel(&self, x: f32, y: f32) -> Rgba {
        let inside = |at: f32, size: usize| (at.max(0.0) as usize).min(size - 1);
        self.pixels[inside(y, self.size[1]) * self.size[0] + inside(x, self.size[0])]
    }

    fn linear(&self, uv: Pos2) -> Rgba {
        let at = Vec2::new(uv.x * self.size[0] as f32, uv.y * self.size[1] as f32) - Vec2::splat(0.5);
        let (corner, part) = (at.floor(), at - at.floor());
        let row = |y: f32| mix(self.texel(corner.x, y), self.texel(corner.x + 1.0, y), part.x);
        mix(row(corner.y), row(corner.y + 1.0), part.y)
    }
}

fn mix(one: Rgba, other: Rgba, part: f32) -> Rgba {
    std::array::from_fn(|i| one[i] * (1.0 - part) + other[i] * part)
}

/// Whole pixels: the first included, the last not.
#[derive(Clone, Copy)]
struct Pixels {
    x: (usize, usize),
    y: (usize, usize),
}

struct Canvas {
    size: [usize; 2],
    pixels: Vec<Rgba>,
    clip: Pixels,
}

impl Canvas {
    fn new(size: Vec2) -> Self {
        let size = [size.x.round() as usize, size.y.round() as usize];
        let clip = Pixels { x: (0, size[0]), y: (0, size[1]) };
        Self { size, pixels: vec![[0.0; 4]; size[0] * size[1]], clip }
    }

    fn pixels_of(&self, rect: Rect) -> Pixels {
        let within = |at: f32, size: usize| (at.round().max(0.0) as usize).min(size);
        let [width, height] = self.size;
        Pixels {
            x: (within(rect.min.x, width), within(rect.max.x, width)),
            y: (within(rect.min.y, height), within(rect.max.y, height)),
        }
    }

    fn mesh(&mut self, mesh: &Mesh, texture: &Texture, scale: f32) {
        for corners in mesh.indices.chunks_exact(3) {
            let corners = [0, 1, 2].map(|i| &mesh.vertices[corners[i] as usize]);
            if let Some(triangle) = Triangle::new(corners, scale) {
                self.triangle(&triangle, texture);
            }
        }
    }

    fn triangle(&mut self, triangle: &Triangle<'_>, texture: &Texture) {
        let bounds = self.pixels_of(Rect::from_points(&triangle.points).expand(1.0));
        let (left, right) = (bounds.x.0.max(self.clip.x.0), bounds.x.1.min(self.clip.x.1));
        for y in bounds.y.0.max(self.clip.y.0)..bounds.y.1.min(self.clip.y.1) {
            for x in left..right {
                if let Some(weights) = triangle.weights(pos2(x as f32 + 0.5, y as f32 + 0.5)) {
                    let source = triangle.color(weights, texture);
                    blend(&mut self.pixels[y * self.size[0] + x], source);
                }
            }
        }
    }

    fn image(&self) -> Result<RgbaImage, String> {
        let bytes = self.pixels.iter().flat_map(|pixel| pixel.map(|value| value as u8)).collect();
        RgbaImage::from_raw(self.size[0] as u32, self.size[1] as u32, bytes).ok_or_else(|| "size".to_owned())
    }
}

/// Over what is there; rounded, as a frame buffer of bytes does.
fn blend(under: &mut Rgba, over: Rgba) {
    let shows = 1.0 - over[3] / 255.0;
    *under = std::array::from_fn(|i| (over[i] + under[i] * shows).round().clamp(0.0, 255.0));
}

struct Triangle<'a> {
    corners: [&'a Vertex; 3],
    points: [Pos2; 3],
    area: f32,
    /// Whether a point on the side opposite to the corner is inside: of two triangles with a common side
    /// exactly one draws it.
    owns: [bool; 3],
}

impl<'a> Triangle<'a> {
    fn new(corners: [&'a Vertex; 3], scale: f32) -> Option<Self> {
        let points = corners.map(|corner| corner.pos * scale);
        let area = cross(points[0], points[1], points[2]);
        if area == 0.0 {
            return None;
        }
        let owns = [0, 1, 2].map(|i| {
            let along = (points[(i + 2) % 3] - points[(i + 1) % 3]) * area.signum();
            along.y < 0.0 || (along.y == 0.0 && along.x > 0.0)
        });
        Some(Self { corners, points, area, owns })
    }

    /// How near a point is to each corner; `None` outside.
    fn weights(&self, at: Pos2) -> Option<[f32; 3]> {
        let weights = [0, 1, 2].map(|i| cross(self.points[(i + 1) % 3], self.points[(i + 2) % 3], at) / self.area);
        let inside = weights.iter().zip(self.owns).all(|(weight, owns)| *weight > 0.0 || (*weight == 0.0 && owns));
        inside.then_some(weights)
    }

    fn color(&self, weights: [f32; 3], texture: &Texture) -> Rgba {
        let between = |value: fn(&Vertex) -> f32| -> f32 {
            self.corners.iter().zip(weights).map(|(corner, weight)| value(corner) * weight).sum()
        };
        let texel = texture.linear(pos2(between(|v| v.uv.x), between(|v| v.uv.y)));
        let tint = [
            between(|v| f32::from(v.color.r())),
            between(|v| f32::from(v.color.g())),
            between(|v| f32::from(v.color.b())),
            between(|v| f32::from(v.color.a())),
        ];
        std::array::from_fn(|i| texel[i] * tint[i] / 255.0)
    }
}

fn cross(a: Pos2, b: Pos2, c: Pos2) -> f32 {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}
